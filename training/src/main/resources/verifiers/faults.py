"""Whose fault an exception is that arises in the tests' own text, and what the tests do with answers.

A name is the candidate's if the tests ask the program for it, or if its value depends on one that is.
"""
import ast
import builtins
import dis
import re
import types

PRELUDE = "prelude"


def label(number):
    return "test %d" % (number + 1)


class Tests:
    """The texts of one program's tests."""

    def __init__(self, prelude, texts):
        self.prelude = compile(prelude, PRELUDE, "exec")
        self.codes = [compile(text, label(i), "exec") for i, text in enumerate(texts)]
        self.texts = {PRELUDE: prelude, **{label(i): text for i, text in enumerate(texts)}}
        self.wanted = frozenset()
        self._trees = {}
        self._scope = {}

    def begin(self, wanted, scope):
        """wanted: the names that are asked for."""
        self.wanted = frozenset(wanted)
        self._scope = scope

    @staticmethod
    def names_of(code):
        return {name for inner in codes_of(code) for name in inner.co_names}

    @staticmethod
    def written_outside(code):
        """Variables of the tests' that a function of theirs sets."""
        return {i.argval for inner in codes_of(code) for i in dis.get_instructions(inner)
                if i.opname in ("STORE_GLOBAL", "DELETE_GLOBAL")
                or (i.opname in ("STORE_DEREF", "DELETE_DEREF") and i.argval in code.co_freevars)}

    def line(self, failure):
        """The text of the line of the tests that it comes from."""
        place = self._place(failure.__traceback__)
        if place is None:
            return ""
        frame, number = place
        lines = self.texts[frame.f_code.co_filename].splitlines()
        return lines[number - 1].strip() if number <= len(lines) else ""

    def _place(self, trace):
        """The innermost frame of the tests' and its line."""
        found = None
        while trace:
            if trace.tb_frame.f_code.co_filename in self.texts:
                found = trace.tb_frame, trace.tb_lineno
            trace = trace.tb_next
        return found

    def is_theirs(self, failure):
        """Whether no program could have avoided it. It is no exception that came from the candidate."""
        place = self._place(failure.__traceback__)
        if isinstance(failure, ImportError):
            return True
        if place is None:
            return False
        if isinstance(failure, NameError):
            name = getattr(failure, "name", None) or (re.findall("'([^']*)'", str(failure)) or [""])[0]
            return name not in self.wanted and name not in self._bound()
        frame, number = place
        statement = self._statement(frame.f_code.co_filename, number)
        if statement is None or isinstance(statement, ast.Raise):
            return False
        scope = {**frame.f_globals, **frame.f_locals}
        candidates = self._of_candidate(scope)
        return any(self._raises_alike(part, scope, failure) for part in independent(statement, candidates))

    def is_raised(self, failure):
        """Whether a raise statement of the tests' raises it."""
        place = self._place(failure.__traceback__)
        if place is None:
            return False
        return isinstance(self._statement(place[0].f_code.co_filename, place[1]), ast.Raise)

    def loops_over_answers(self, frame):
        """Whether a loop of the tests' that goes on now depends on the candidate's answers."""
        while frame is not None:
            name = frame.f_code.co_filename
            if name in self.texts:
                for node in ast.walk(self._tree(name)):
                    if isinstance(node, (ast.While, ast.For)) and node.lineno <= frame.f_lineno <= node.end_lineno:
                        deciding = node.test if isinstance(node, ast.While) else node.iter
                        if depends(deciding, self._of_candidate(self._scope)) or not names_in(deciding) and isinstance(node, ast.While):
                            return True
            frame = frame.f_back
        return False

    def uses(self, names):
        """Whether the tests mention one of these names of values."""
        used = set().union(*map(self.names_of, self.codes), self.names_of(self.prelude))
        return not used.isdisjoint(names)

    def _tree(self, name):
        if name not in self._trees:
            self._trees[name] = ast.parse(self.texts[name])
        return self._trees[name]

    def _statement(self, name, line):
        """The innermost one on a line."""
        found = None
        for node in ast.walk(self._tree(name)):
            if isinstance(node, ast.stmt) and node.lineno <= line <= node.end_lineno:
                if found is None or node.lineno >= found.lineno:
                    found = node
        return found

    @staticmethod
    def _raises_alike(expression, scope, failure):
        try:
            eval(compile(ast.Expression(expression), "a part of a test", "eval"), scope)
        except Exception as again:
            return type(again) is type(failure) and str(again) == str(failure)
        return False

    def _bound(self):
        """Names that some statement sets."""
        found = set()
        for name in self.texts:
            for node in ast.walk(self._tree(name)):
                if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                    found.add(node.id)
                elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    found.add(node.name)
                elif isinstance(node, ast.arg):
                    found.add(node.arg)
                elif isinstance(node, ast.alias):
                    found.add((node.asname or node.name).split(".")[0])
                elif isinstance(node, ast.ExceptHandler) and node.name:
                    found.add(node.name)
        return found

    def _of_candidate(self, scope):
        """Names whose values depend on the candidate. scope: what all names stand for now."""
        found, size = set(self.wanted), -1
        while len(found) != size:
            size = len(found)
            for name in self.texts:
                for node in ast.walk(self._tree(name)):
                    found |= set_from(node, found)
                    found |= {changed for changed in changed_by(node, found) if not isinstance(scope.get(changed), FIXED)}
        return found


# What no call changes.
FIXED = (bool, int, float, complex, str, bytes, type(None), types.ModuleType, type)


def independent(node, names):
    """The largest expressions in a statement that depend on none of the names."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            continue
        if isinstance(child, ast.expr) and not depends(child, names):
            if not isinstance(child, (ast.Constant, ast.Name)) and isinstance(getattr(child, "ctx", ast.Load()), ast.Load):
                yield child
        else:
            yield from independent(child, names)


def depends(expression, names):
    return not names_in(expression).isdisjoint(names) or any(
        isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)) for node in ast.walk(expression))


def set_from(node, names):
    """Names whose value depends on one of these by this node."""
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.NamedExpr)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return outer_names(targets) if node.value is not None and names_in(node.value) & names else set()
    if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        return outer_names([node.target]) if names_in(node.iter) & names else set()
    if isinstance(node, ast.withitem):
        return outer_names([node.optional_vars]) if node.optional_vars is not None and names_in(node.context_expr) & names else set()
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        arguments = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
        return arguments | ({node.name} if names_in(node) & names else set()) if not isinstance(node, ast.Lambda) else arguments
    if isinstance(node, ast.ClassDef):
        return {node.name} if names_in(node) & names else set()
    if isinstance(node, ast.ExceptHandler):
        return {node.name} if node.name else set()
    return set()


def changed_by(node, names):
    """Names whose values a call may change that depends on one of these: its arguments and its object."""
    if not isinstance(node, ast.Call) or names_in(node).isdisjoint(names):
        return set()
    return outer_names([*node.args, *([node.func.value] if isinstance(node.func, ast.Attribute) else ())])


def names_in(node):
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def outer_names(nodes):
    """Of variables, their attributes and items; none of built-in functions."""
    found = set()
    for node in nodes:
        while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
            node = node.value
        if isinstance(node, ast.Name):
            if not hasattr(builtins, node.id):
                found.add(node.id)
        elif isinstance(node, (ast.Tuple, ast.List)):
            found |= outer_names(node.elts)
    return found


def codes_of(code):
    yield code
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            yield from codes_of(constant)
