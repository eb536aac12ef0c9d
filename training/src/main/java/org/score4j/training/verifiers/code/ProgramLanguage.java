package org.score4j.training.verifiers.code;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What can be told of a program's text without reading it as its language does. */
enum ProgramLanguage {
  /** Names are those of modules, functions, classes and variables at the top level. */
  PYTHON {
    @Override
    Set<String> definitions(String text) {
      Set<String> found = new LinkedHashSet<>();
      boolean conditional = false;
      for (String line : text.lines().toList()) {
        boolean top = !line.isEmpty() && !Character.isWhitespace(line.charAt(0));
        if (top) {
          conditional = PYTHON_CONDITION.matcher(line).find();
        }
        if (top || conditional) {
          addDefinition(found, line.strip());
        }
      }
      return found;
    }

    private void addDefinition(Set<String> found, String line) {
      Matcher named = PYTHON_NAMED.matcher(line);
      Matcher imported = PYTHON_IMPORT.matcher(line);
      Matcher assigned = PYTHON_ASSIGNED.matcher(line);
      if (named.find()) {
        found.add(named.group(1));
      } else if (imported.find()) {
        for (String part : imported.group(1).replaceAll("[()]|#.*", "").split(",", -1)) {
          String[] words = part.strip().split("\\s+", -1);
          found.add(words[words.length - 1].replaceFirst("[.].*", ""));
        }
      } else if (assigned.find()) {
        for (String target : assigned.group(1).split("[=,]", -1)) {
          found.add(target.replaceFirst(":.*", "").strip());
        }
      }
    }

    @Override
    boolean looksLikeProgram(String text) {
      return text.lines().anyMatch(line -> PYTHON_LINE.matcher(line).find());
    }

    @Override
    String withoutProse(String text) {
      List<String> kept = new ArrayList<>();
      boolean code = false;
      for (String line : text.lines().toList()) {
        if (!line.isBlank()) {
          code =
              Character.isWhitespace(line.charAt(0))
                  ? code || kept.isEmpty()
                  : PYTHON_TOP.matcher(line).find();
        }
        if (code) {
          kept.add(line);
        }
      }
      return String.join("\n", kept) + "\n";
    }

    @Override
    String joined(List<String> programs) {
      return String.join("\n\n", programs);
    }

    @Override
    String withoutStrings(String text) {
      return PYTHON_STRING.matcher(text).replaceAll(" ");
    }
  },
  /** Names are those of types. */
  JAVA {
    @Override
    Set<String> definitions(String text) {
      Set<String> found = new LinkedHashSet<>();
      Matcher type = JAVA_TYPE.matcher(text);
      while (type.find()) {
        found.add(type.group(1));
      }
      return found;
    }

    @Override
    boolean looksLikeProgram(String text) {
      return text.lines().anyMatch(line -> JAVA_LINE.matcher(line).find());
    }

    @Override
    String withoutProse(String text) {
      List<String> lines = text.lines().toList();
      int from = 0;
      while (from < lines.size() && !JAVA_FIRST.matcher(lines.get(from)).find()) {
        from++;
      }
      int to = lines.size();
      while (to > from && !lines.get(to - 1).stripTrailing().endsWith("}")) {
        to--;
      }
      return String.join("\n", lines.subList(from, to)) + "\n";
    }

    @Override
    String joined(List<String> programs) {
      Set<String> imports = new LinkedHashSet<>();
      StringBuilder rest = new StringBuilder();
      for (String program : programs) {
        for (String line : program.lines().toList()) {
          if (JAVA_IMPORT.matcher(line).find()) {
            imports.add(line.strip());
          } else {
            rest.append(line).append('\n');
          }
        }
      }
      return String.join("\n", imports) + "\n" + rest;
    }

    @Override
    String withoutStrings(String text) {
      return JAVA_STRING.matcher(text).replaceAll(" ");
    }
  };

  private static final Pattern WORD = Pattern.compile("[\\p{L}_$][\\p{L}\\p{N}_$]*");
  private static final Pattern PYTHON_CONDITION =
      Pattern.compile("^(?:if|elif|else|try|except|finally|with|for|while)\\b.*:");
  private static final Pattern PYTHON_NAMED =
      Pattern.compile("^(?:async\\s+def|def|class)\\s+([\\p{L}_][\\p{L}\\p{N}_]*)\\s*[(:\\[]");
  private static final Pattern PYTHON_IMPORT =
      Pattern.compile("^(?:from\\s+[\\w.]+\\s+)?import\\s+(.+)$");
  private static final Pattern PYTHON_ASSIGNED =
      Pattern.compile(
          "^([\\p{L}_][\\p{L}\\p{N}_]*(?:\\s*:[^=]+)?(?:\\s*[,=]\\s*[\\p{L}_][\\p"
              + "{L}\\p{N}_]*)*)\\s*=(?!=)");
  private static final Pattern PYTHON_LINE =
      Pattern.compile(
          "^\\s*(?:(?:async\\s+)?def\\s+\\w+\\s*\\(|class\\s+\\w+\\s*[(:]|impor"
              + "t\\s+[\\w.]+(?:\\s+as\\s+\\w+)?\\s*(?:#.*)?$"
              + "|from\\s+[\\w.]+\\s+import\\s|@\\w|return\\b|[\\w.\\[\\]]+\\s*[-+*/|"
              + "&^%]?=[^=]|(?:if|for|while|with|try|else)\\b.*:\\s*$)");
  private static final Pattern PYTHON_TOP =
      Pattern.compile(
          "^(?:(?:async\\s+)?def\\s+\\w+\\s*[(\\[]|class\\s+\\w+\\s*[(:\\[]|imp"
              + "ort\\s+[\\w.]+(?:\\s+as\\s+\\w+)?(?:\\s*,.*)?\\s*(?:#.*)?$"
              + "|from\\s+[\\w.]+\\s+import\\s|@\\w|#|[)\\]}]|\"{3}|'''|[\\w.]+\\(.*\\)"
              + "\\s*(?:#.*)?$"
              + "|[\\w., \\[\\]\"':]+?\\s*[-+*/|&^%]?=[^=]|(?:if|elif|for|while|with|"
              + "except)\\b.*:\\s*(?:#.*)?$|(?:try|else|finally):)");
  private static final Pattern PYTHON_STRING =
      Pattern.compile(
          "(?s)\"{3}.*?\"{3}|'''.*?'''|\"(?:\\\\.|[^\"\\\\\n])*\"|'(?:\\\\.|[^'\\\\\n])*'|#[^\n]*");
  private static final Pattern JAVA_TYPE =
      Pattern.compile(
          "(?m)^[ \\t]*(?:(?:@\\w+(?:\\([^)]*\\))?|public|protected|private|fin"
              + "al|abstract|static|sealed|non-sealed|strictfp)\\s+)*"
              + "(?:class|interface|enum|record)\\s+(\\w+)");
  private static final Pattern JAVA_LINE = Pattern.compile("[;{}]\\s*(?://.*)?$");
  private static final Pattern JAVA_FIRST =
      Pattern.compile(
          "^\\s*(?:package\\s+[\\w.]+;|import\\s+[\\w.* ]+;|@\\w|/[/*]|(?:(?:pu"
              + "blic|final|abstract|sealed|static)\\s+)*"
              + "(?:class|interface|enum|record)\\s+\\w+)");
  private static final Pattern JAVA_IMPORT = Pattern.compile("^\\s*import\\s+[\\w.* ]+;");
  private static final Pattern JAVA_STRING =
      Pattern.compile(
          "(?s)\"{3}.*?\"{3}|\"(?:\\\\.|[^\"\\\\\n])*\"|'(?:\\\\.|[^'\\\\\n])*'"
              + "|//[^\n]*|/[*].*?[*]/");

  /** Names that a program defines for others. */
  abstract Set<String> definitions(String text);

  /** Whether some line is one of a program. */
  abstract boolean looksLikeProgram(String text);

  /** A text without the lines that are none of a program, as far as that can be told. */
  abstract String withoutProse(String text);

  /** One program of several that belong together, in their order. */
  abstract String joined(List<String> programs);

  /** Without strings and comments. */
  abstract String withoutStrings(String text);

  /** Every word in a program that may be a name. */
  Set<String> words(String text) {
    Set<String> found = new HashSet<>();
    Matcher word = WORD.matcher(withoutStrings(text));
    while (word.find()) {
      found.add(word.group());
    }
    return found;
  }
}
