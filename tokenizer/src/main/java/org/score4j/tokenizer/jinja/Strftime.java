package org.score4j.tokenizer.jinja;

import java.time.DayOfWeek;
import java.time.LocalDateTime;
import java.time.Month;
import java.time.ZoneId;
import java.time.format.TextStyle;
import java.time.temporal.IsoFields;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** {@code datetime.strftime} of the C locale for a time without a zone, as glibc has it. */
final class Strftime {
  private final LocalDateTime time;
  private final StringBuilder out = new StringBuilder();

  private Strftime(LocalDateTime time) {
    this.time = time;
  }

  static String format(Interpreter in, String format, LocalDateTime time) {
    in.budget.steps(1 + 8L * format.length());
    Strftime form = new Strftime(time);
    form.format(in.budget, format);
    return form.out.toString();
  }

  private void format(Budget budget, String format) {
    int at = 0;
    while (at < format.length()) {
      char c = format.charAt(at++);
      if (c != '%') {
        out.append(c);
        continue;
      }
      int from = at - 1;
      char pad = 0;
      boolean upper = false;
      boolean swap = false;
      while (at < format.length() && "-_0^#".indexOf(format.charAt(at)) >= 0) {
        char flag = format.charAt(at++);
        upper |= flag == '^';
        swap |= flag == '#';
        pad = "-_0".indexOf(flag) >= 0 ? flag : pad;
      }
      int width = 0;
      while (at < format.length() && Character.isDigit(format.charAt(at))) {
        width = Math.min(1_000_000, width * 10 + format.charAt(at++) - '0');
      }
      if (at < format.length() && "EO".indexOf(format.charAt(at)) >= 0) {
        at++;
      }
      if (at == format.length()) {
        out.append(format, from, at);
        return;
      }
      char code = format.charAt(at++);
      String text = field(code, pad);
      if (text == null) {
        out.append(format, from, at);
        continue;
      }
      if (upper || (swap && "aAbBh".indexOf(code) >= 0)) {
        text = text.toUpperCase(Locale.ROOT);
      } else if (swap && code == 'p') {
        text = text.toLowerCase(Locale.ROOT);
      }
      boolean number = !text.isEmpty() && Character.isDigit(text.charAt(0));
      String fill = pad == '_' || (!number && pad != '0') ? " " : "0";
      budget.room(out.length(), Math.max(width, text.length()));
      out.append(fill.repeat(Math.max(0, width - text.length()))).append(text);
    }
  }

  private String number(long value, int width, char pad, char otherwise) {
    char fill = pad == 0 ? otherwise : pad == '_' ? ' ' : '0';
    String digits = Long.toString(value);
    return pad == '-'
        ? digits
        : String.valueOf(fill).repeat(Math.max(0, width - digits.length())) + digits;
  }

  private String number(long value, int width, char pad) {
    return number(value, width, pad, '0');
  }

  private String sub(String format) {
    Strftime part = new Strftime(time);
    part.format(new Budget(Limits.DEFAULT), format);
    return part.out.toString();
  }

  private static String shortened(String name) {
    return name.substring(0, 3);
  }

  /** A field, or null where glibc knows none. */
  private @Nullable String field(char code, char pad) {
    DayOfWeek day = time.getDayOfWeek();
    Month month = time.getMonth();
    String dayName = day.getDisplayName(TextStyle.FULL, Locale.ENGLISH);
    String monthName = month.getDisplayName(TextStyle.FULL, Locale.ENGLISH);
    int hour12 = time.getHour() % 12 == 0 ? 12 : time.getHour() % 12;
    int fromSunday = day.getValue() % 7;
    int yearDay = time.getDayOfYear() - 1;
    int weekYear = time.get(IsoFields.WEEK_BASED_YEAR);
    return switch (code) {
      case 'a' -> shortened(dayName);
      case 'A' -> dayName;
      case 'b', 'h' -> shortened(monthName);
      case 'B' -> monthName;
      case 'c' -> sub("%a %b %e %H:%M:%S %Y");
      case 'C' -> number(time.getYear() / 100, 2, pad);
      case 'd' -> number(time.getDayOfMonth(), 2, pad);
      case 'D', 'x' -> sub("%m/%d/%y");
      case 'e' -> number(time.getDayOfMonth(), 2, pad, ' ');
      case 'f' -> "%06d".formatted(time.getNano() / 1000);
      case 'F' -> sub("%Y-%m-%d");
      case 'g' -> number(weekYear % 100, 2, pad);
      case 'G' -> number(weekYear, 4, pad);
      case 'H' -> number(time.getHour(), 2, pad);
      case 'I' -> number(hour12, 2, pad);
      case 'j' -> number(yearDay + 1, 3, pad);
      case 'k' -> number(time.getHour(), 2, pad, ' ');
      case 'l' -> number(hour12, 2, pad, ' ');
      case 'm' -> number(month.getValue(), 2, pad);
      case 'M' -> number(time.getMinute(), 2, pad);
      case 'n' -> "\n";
      case 'p' -> time.getHour() < 12 ? "AM" : "PM";
      case 'P' -> time.getHour() < 12 ? "am" : "pm";
      case 'r' -> sub("%I:%M:%S %p");
      case 'R' -> sub("%H:%M");
      case 's' -> Long.toString(time.atZone(ZoneId.systemDefault()).toEpochSecond());
      case 'S' -> number(time.getSecond(), 2, pad);
      case 't' -> "\t";
      case 'T', 'X' -> sub("%H:%M:%S");
      case 'u' -> Integer.toString(day.getValue());
      case 'U' -> number((yearDay + 7 - fromSunday) / 7, 2, pad);
      case 'V' -> number(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2, pad);
      case 'w' -> Integer.toString(fromSunday);
      case 'W' -> number((yearDay + 7 - (fromSunday + 6) % 7) / 7, 2, pad);
      case 'y' -> number(time.getYear() % 100, 2, pad);
      case 'Y' -> Integer.toString(time.getYear());
      case 'z', 'Z' -> "";
      case '%' -> "%";
      default -> null;
    };
  }
}
