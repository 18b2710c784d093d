-- How numbers, dates and money are said in English: as lists of prompts (scripts/prompts/en.txt).
--
-- A file of this kind beside your config, scripts/language/fr.lua, makes call:say speak another
-- language (prompts = { language = "fr" }), as de.lua does. Each function returns a
-- list, or nil and why not.

local en = {}

local function append(list, more)
  return table.move(more, 1, #more, #list + 1, list)
end

local function below_thousand(list, n)
  if n >= 100 then
    append(list, { tostring(n // 100), "hundred" })
    n = n % 100
    if n > 0 then append(list, { "and" }) end
  end
  if n > 20 then
    append(list, { tostring(n - n % 10) })
    n = n % 10
  end
  if n > 0 then append(list, { tostring(n) }) end
  return list
end

local scales = { { 1000000000, "billion" }, { 1000000, "million" }, { 1000, "thousand" } }

local function whole(n)
  if n == 0 then return { "0" } end
  local list = {}
  for _, scale in ipairs(scales) do
    if n >= scale[1] then
      append(below_thousand(list, n // scale[1]), { scale[2] })
      n = n % scale[1]
      if n > 0 and n < 100 then append(list, { "and" }) end
    end
  end
  return below_thousand(list, n)
end

-- number() is said by it: sign and decimals are said in every language alike, as digits() is.
en.whole = whole

-- So many of a thing, which is a prompt, as is more than one of it.
function en.counted(n, thing)
  return append(whole(n), { n == 1 and thing or thing .. "s" })
end

function en.ordinal(n)
  if n > 31 then return nil, "ordinals are known up to 31" end
  return { "ordinal-" .. n }
end

local currencies = {
  USD = { "dollar", "dollars", "cent", "cents" },
  EUR = { "euro", "euros", "cent", "cents" },
  GBP = { "pound", "pounds", "penny", "pence" },
  CHF = { "franc", "francs", "cent", "cents" },
}
currencies.CAD, currencies.AUD, currencies.NZD = currencies.USD, currencies.USD, currencies.USD

function en.money(amount, currency)
  local names = currencies[currency]
  if not names then return nil, "the currency '" .. currency .. "' has no name in English" end
  local hundredths = math.floor(math.abs(amount) * 100 + 0.5)
  local units, rest = hundredths // 100, hundredths % 100
  local list = amount < 0 and hundredths > 0 and { "minus" } or {}
  if units > 0 or rest == 0 then
    append(append(list, whole(units)), { units == 1 and names[1] or names[2] })
    if rest > 0 then append(list, { "and" }) end
  end
  if rest > 0 then append(append(list, whole(rest)), { rest == 1 and names[3] or names[4] }) end
  return list
end

local days = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" }
local months = {
  "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
  "november", "december",
}

-- "twenty twenty-six", but "two thousand and five"
local function year(n)
  if n < 1100 or n > 9999 or n % 1000 < 10 then return whole(n) end
  local rest = n % 100
  local list = below_thousand({}, n // 100)
  if rest == 0 then return append(list, { "hundred" }) end
  if rest < 10 then append(list, { "oh" }) end
  return below_thousand(list, rest)
end

-- `day` is a table of os.date "*t"; so is `now`. This year's is not said.
function en.date(day, now)
  local list = { days[day.wday], months[day.month], "ordinal-" .. day.day }
  if day.year ~= now.year then append(list, year(day.year)) end
  return list
end

function en.time(day)
  if day.min == 0 and day.hour % 12 == 0 then return { day.hour == 0 and "midnight" or "noon" } end
  local list = whole((day.hour + 11) % 12 + 1)
  if day.min > 0 and day.min < 10 then append(list, { "oh" }) end
  if day.min > 0 then append(list, whole(day.min)) end
  return append(list, { day.hour < 12 and "am" or "pm" })
end

local units = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } }

function en.duration(seconds)
  local parts = {}
  for _, unit in ipairs(units) do
    local count = seconds // unit[1]
    seconds = seconds % unit[1]
    if count > 0 or (unit[1] == 1 and #parts == 0) then
      parts[#parts + 1] = append(whole(count), { count == 1 and unit[2] or unit[2] .. "s" })
    end
  end
  local list = {}
  for i, part in ipairs(parts) do
    if i > 1 and i == #parts then append(list, { "and" }) end
    append(list, part)
  end
  return list
end

return en
