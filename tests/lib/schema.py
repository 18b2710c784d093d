"""XML Schema checks by libxml2, which the server is linked with anyway."""

import ctypes
import ctypes.util
import functools
import pathlib

DIRECTORY = pathlib.Path(__file__).resolve().parents[1] / "schema"

libxml2 = ctypes.CDLL(ctypes.util.find_library("xml2") or "libxml2.so.2")
for name, result in {
    "xmlSchemaNewParserCtxt": ctypes.c_void_p,
    "xmlSchemaParse": ctypes.c_void_p,
    "xmlSchemaNewValidCtxt": ctypes.c_void_p,
    "xmlReadMemory": ctypes.c_void_p,
}.items():
    getattr(libxml2, name).restype = result
for name in ("xmlSchemaParse", "xmlSchemaNewValidCtxt", "xmlSchemaFreeValidCtxt", "xmlFreeDoc"):
    getattr(libxml2, name).argtypes = [ctypes.c_void_p]
libxml2.xmlSchemaValidateDoc.argtypes = [ctypes.c_void_p, ctypes.c_void_p]

XML_PARSE_NONET = 2048


@functools.cache
def schema(name):
    context = libxml2.xmlSchemaNewParserCtxt(str(DIRECTORY / f"{name}.xsd").encode())
    parsed = libxml2.xmlSchemaParse(context)
    assert parsed, f"the schema {name} cannot be read"
    return parsed


def check(name, document):
    """Fails when the document (bytes) is not valid against the schema of that name; libxml2 says why
    on stderr."""
    tree = libxml2.xmlReadMemory(document, len(document), b"body.xml", None, XML_PARSE_NONET)
    assert tree, f"not well-formed: {document!r}"
    context = libxml2.xmlSchemaNewValidCtxt(schema(name))
    try:
        status = libxml2.xmlSchemaValidateDoc(context, tree)
    finally:
        libxml2.xmlSchemaFreeValidCtxt(context)
        libxml2.xmlFreeDoc(tree)
    assert status == 0, f"not valid against {name}.xsd: {document.decode()}"
