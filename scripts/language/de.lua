-- How numbers, dates and money are said in German: as lists of prompts (scripts/prompts/de.txt).
-- What each function is for stands in en.lua.

local de = {}

local function append(list, more)
  return table.move(more, 1, #more, #list + 1, list)
end

-- "ein" before what is counted, "eins" alone.
local function below_hundred(list, n, one)
  if n == 1 then return append(list, { one }) end
  if n > 20 and n % 10 > 0 then
    local ones = n % 10
    append(list, { ones == 1 and "one-before" or tostring(ones), "and" })
    n = n - ones
  end
  if n > 0 then append(list, { tostring(n) }) end
  return list
end

local function below_thousand(list, n, one)
  if n >= 100 then
    below_hundred(list, n // 100, "one-before")
    append(list, { "hundred" })
  end
  return below_hundred(list, n % 100, one)
end

local scales = { { 1000000000, "billion" }, { 1000000, "million" } }

local function whole(n, one)
  if n == 0 then return { "0" } end
  local list = {}
  for _, scale in ipairs(scales) do
    local many = n // scale[1]
    if many > 0 then
      append(below_thousand(list, many, "one-of-them"), { scale[2] .. (many == 1 and "" or "s") })
      n = n % scale[1]
    end
  end
  if n >= 1000 then append(below_thousand(list, n // 1000, "one-before"), { "thousand" }) end
  return below_thousand(list, n % 1000, one or "1")
end

de.whole = whole

function de.counted(n, thing)
  return append(whole(n, "one-before"), { n == 1 and thing or thing .. "s" })
end

function de.ordinal(n)
  if n > 31 then return nil, "ordinals are known up to 31" end
  return { "ordinal-" .. n }
end

local currencies = { EUR = "euro", CHF = "franc", USD = "dollar", GBP = "pound" }

-- "zwölf Euro fünfzig"; below one, the hundredths alone.
function de.money(amount, currency)
  local unit = currencies[currency]
  if not unit then return nil, "the currency '" .. currency .. "' has no name in German" end
  local hundredths = math.floor(math.abs(amount) * 100 + 0.5)
  local units, rest = hundredths // 100, hundredths % 100
  local list = amount < 0 and hundredths > 0 and { "minus" } or {}
  if units > 0 or rest == 0 then
    append(append(list, whole(units, "one-before")), { unit })
    return rest > 0 and append(list, whole(rest)) or list
  end
  return append(append(list, whole(rest, "one-before")), { currency == "EUR" and "cent" or unit })
end

local days = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" }
local months = {
  "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
  "november", "december",
}

function de.date(day, now)
  local list = { days[day.wday], "ordinal-" .. day.day, months[day.month] }
  return day.year ~= now.year and append(list, whole(day.year)) or list
end

function de.time(day)
  local list = append(whole(day.hour, "one-before"), { "o-clock" })
  return day.min > 0 and append(list, whole(day.min)) or list
end

local units = {
  { 86400, "day", "one-before" }, { 3600, "hour", "one-of-them" }, { 60, "minute", "one-of-them" },
  { 1, "second", "one-of-them" },
}

function de.duration(seconds)
  local list, parts = {}, 0
  for _, unit in ipairs(units) do
    local count = seconds // unit[1]
    seconds = seconds % unit[1]
    if count > 0 or (unit[1] == 1 and parts == 0) then
      if parts > 0 and seconds == 0 then append(list, { "and" }) end
      parts = parts + 1
      append(append(list, whole(count, unit[3])), { count == 1 and unit[2] or unit[2] .. "s" })
    end
  end
  return list
end

return de
