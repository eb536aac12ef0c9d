package org.score4j.tokenizer.jinja;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What Jinja2 decides about names when it compiles. Which names of a scope are unset at its start:
 * a name that a scope assigns before it reads it, and that no scope around it mentions, is not
 * looked up in the context, even where it is read by an inner scope before it is assigned. And
 * which macros take a caller, more arguments or more names, which they do by reading these.
 */
final class Names {
  private static final Set<String> SPECIAL = Set.of("caller", "varargs", "kwargs");

  private final IdentityHashMap<Stmt.Body, List<String>> unset = new IdentityHashMap<>();
  private final IdentityHashMap<Stmt.Body, Set<String>> special = new IdentityHashMap<>();
  private final Deque<Set<String>> functions = new ArrayDeque<>();

  Names(Stmt.Body template) {
    body(template, new Symbols(null));
  }

  /** The names that are unset where a body begins. */
  List<String> unset(Stmt.Body body) {
    return unset.getOrDefault(body, List.of());
  }

  /** Whether a macro's body reads one of its special names. */
  boolean reads(Stmt.Body macro, String name) {
    return special.getOrDefault(macro, Set.of()).contains(name);
  }

  /** The names a scope mentions, each with whether it is unset at the start. */
  private static final class Symbols {
    final @Nullable Symbols parent;
    // The scope's own names before a branch of it.
    final @Nullable Symbols trunk;
    final Map<String, Boolean> refs = new HashMap<>();
    final Set<String> stores = new HashSet<>();

    Symbols(@Nullable Symbols parent) {
      this(parent, null);
    }

    private Symbols(@Nullable Symbols parent, @Nullable Symbols trunk) {
      this.parent = parent;
      this.trunk = trunk;
    }

    /** What a branch of an if adds. */
    Symbols branch() {
      return new Symbols(parent, this);
    }

    boolean has(String name) {
      return isKnown(name) || isOuter(name);
    }

    private boolean isKnown(String name) {
      return refs.containsKey(name) || (trunk != null && trunk.isKnown(name));
    }

    private boolean isStored(String name) {
      return stores.contains(name) || (trunk != null && trunk.isStored(name));
    }

    boolean isOuter(String name) {
      return parent != null && parent.has(name);
    }

    void parameter(String name) {
      stores.add(name);
      refs.put(name, false);
    }

    void load(String name) {
      if (!has(name)) {
        refs.put(name, false);
      }
    }

    void store(String name) {
      stores.add(name);
      if (!isKnown(name)) {
        refs.put(name, !isOuter(name));
      }
    }

    /** Takes over what the branches of an if do; a name that only some assign is looked up. */
    void join(List<Symbols> branches) {
      Set<String> assigned = new HashSet<>();
      for (Symbols branch : branches) {
        assigned.addAll(branch.stores);
      }
      assigned.removeIf(this::isStored);
      for (Symbols branch : branches) {
        refs.putAll(branch.refs);
        stores.addAll(branch.stores);
      }
      assigned.forEach(name -> refs.put(name, false));
    }
  }

  /** A body whose symbols hold its parameters. */
  private void body(Stmt.Body body, Symbols symbols) {
    level(body.statements(), symbols);
    List<String> names =
        symbols.refs.entrySet().stream()
            .filter(Map.Entry::getValue)
            .map(Map.Entry::getKey)
            .sorted()
            .toList();
    if (!names.isEmpty()) {
      unset.put(body, names);
    }
    inner(body.statements(), symbols);
  }

  /** Notes the names of one scope, in the order of the source, without the scopes in it. */
  private void level(List<Stmt> statements, Symbols symbols) {
    for (Stmt statement : statements) {
      switch (statement) {
        case Stmt.Print print -> loads(print.value(), symbols);
        case Stmt.If branches -> {
          loads(branches.tests().getFirst(), symbols);
          Symbols then = symbols.branch();
          level(branches.bodies().getFirst(), then);
          Symbols elif = symbols.branch();
          for (int i = 1; i < branches.tests().size(); i++) {
            loads(branches.tests().get(i), elif);
            Symbols one = elif.branch();
            level(branches.bodies().get(i), one);
            elif.join(List.of(one));
          }
          Symbols otherwise = symbols.branch();
          level(branches.otherwise(), otherwise);
          symbols.join(List.of(then, elif, otherwise));
        }
        case Stmt.For loop -> loads(loop.iterable(), symbols);
        case Stmt.Assign assign -> {
          loads(assign.value(), symbols);
          stores(assign.target(), symbols);
        }
        case Stmt.AssignBlock assign -> stores(assign.target(), symbols);
        case Stmt.Macro macro -> symbols.store(macro.name());
        case Stmt.CallBlock block -> loads(block.call(), symbols);
        case Stmt.FilterBlock block -> loads(block.filter(), symbols);
        case Stmt.With with -> with.values().forEach(value -> loads(value, symbols));
        case Stmt.Text text -> {}
        case Stmt.Generation generation -> {}
        case Stmt.Break jump -> {}
        case Stmt.Continue jump -> {}
        case Stmt.Unsupported tag -> {}
      }
    }
  }

  /** Goes on with the scopes within one. */
  private void inner(List<Stmt> statements, Symbols symbols) {
    for (Stmt statement : statements) {
      Symbols own = new Symbols(symbols);
      switch (statement) {
        case Stmt.If branches -> {
          branches.bodies().forEach(body -> inner(body, symbols));
          inner(branches.otherwise(), symbols);
        }
        case Stmt.For loop -> {
          Symbols test = new Symbols(symbols);
          parameters(loop.target(), test);
          loads(loop.test(), test);
          parameters(loop.target(), own);
          own.parameter("loop");
          body(loop.body(), own);
          body(loop.otherwise(), new Symbols(symbols));
        }
        case Stmt.AssignBlock assign -> body(assign.body(), own);
        case Stmt.Macro macro -> function(macro.signature(), macro.body(), own);
        case Stmt.CallBlock block -> function(block.signature(), block.body(), own);
        case Stmt.FilterBlock block -> body(block.body(), own);
        case Stmt.With with -> {
          with.targets().forEach(target -> parameters(target, own));
          body(with.body(), own);
        }
        case Stmt.Generation generation -> body(generation.body(), own);
        default -> {}
      }
    }
  }

  private void function(Stmt.Signature signature, Stmt.Body body, Symbols own) {
    functions.push(new HashSet<>());
    signature.names().forEach(own::parameter);
    signature.defaults().forEach(value -> loads(value, own));
    body(body, own);
    special.put(body, functions.pop());
  }

  private void stores(Expr target, Symbols symbols) {
    switch (target) {
      case Expr.TupleOf tuple -> tuple.items().forEach(item -> stores(item, symbols));
      case Expr.NamespaceRef attribute -> symbols.load(attribute.namespace());
      case Expr.Name name -> symbols.store(name.name());
      default -> {}
    }
  }

  private static void parameters(Expr target, Symbols symbols) {
    switch (target) {
      case Expr.TupleOf tuple -> tuple.items().forEach(item -> parameters(item, symbols));
      case Expr.Name name -> symbols.parameter(name.name());
      default -> {}
    }
  }

  private void loads(@Nullable Expr expression, Symbols symbols) {
    if (expression == null) {
      return;
    }
    switch (expression) {
      case Expr.Name name -> {
        if (SPECIAL.contains(name.name())) {
          functions.forEach(function -> function.add(name.name()));
        }
        symbols.load(name.name());
      }
      case Expr.Const literal -> {}
      case Expr.NamespaceRef attribute -> symbols.load(attribute.namespace());
      case Expr.TupleOf tuple -> loads(tuple.items(), symbols);
      case Expr.ListOf list -> loads(list.items(), symbols);
      case Expr.DictOf dict -> loads(dict.keysAndValues(), symbols);
      case Expr.Unary unary -> loads(unary.operand(), symbols);
      case Expr.Binary binary -> {
        loads(binary.left(), symbols);
        loads(binary.right(), symbols);
      }
      case Expr.Logical logical -> {
        loads(logical.left(), symbols);
        loads(logical.right(), symbols);
      }
      case Expr.Not not -> loads(not.operand(), symbols);
      case Expr.Concat concat -> loads(concat.parts(), symbols);
      case Expr.Compare compare -> loads(compare.operands(), symbols);
      case Expr.Conditional conditional -> {
        loads(conditional.test(), symbols);
        loads(conditional.then(), symbols);
        loads(conditional.otherwise(), symbols);
      }
      case Expr.Attribute attribute -> loads(attribute.owner(), symbols);
      case Expr.Element element -> {
        loads(element.owner(), symbols);
        loads(element.index(), symbols);
      }
      case Expr.Slice slice -> {
        loads(slice.start(), symbols);
        loads(slice.stop(), symbols);
        loads(slice.step(), symbols);
      }
      case Expr.Call call -> {
        loads(call.callee(), symbols);
        loads(call.arguments(), symbols);
      }
      case Expr.Filter filter -> {
        loads(filter.value(), symbols);
        loads(filter.arguments(), symbols);
      }
      case Expr.Test test -> {
        loads(test.value(), symbols);
        loads(test.arguments(), symbols);
      }
    }
  }

  private void loads(List<Expr> expressions, Symbols symbols) {
    expressions.forEach(expression -> loads(expression, symbols));
  }

  private void loads(Expr.Arguments arguments, Symbols symbols) {
    loads(arguments.values(), symbols);
    loads(arguments.star(), symbols);
    loads(arguments.doubleStar(), symbols);
  }
}
