/// Rules files with a fault, and what is said about it: `line:column: message`.
extension RulesFaultTests {
  /// Whole files.
  static let wholeFiles: [(String, String)] = [
    (
      "",
      "r:1:1: Expected rules, but the file is empty."
    ),
    (
      """
      # nothing

      """,
      "r:1:1: Expected rules, but the file is empty."
    ),
    (
      "[]",
      "r:1:1: Expected rules with the keys object, version, migrate, unknown-fields, fields, states, commands, examples, but found a list."
    ),
    (
      "hello",
      "r:1:1: Expected rules with the keys object, version, migrate, unknown-fields, fields, states, commands, examples, but found `hello`."
    ),
    (
      "object: [",
      "r:2:1: Expected YAML, but did not find expected node content while parsing a flow node."
    ),
    (
      "a: b: c",
      "r:1:5: Expected YAML, but mapping values are not allowed in this context."
    ),
    (
      "\ta: 1",
      "r:1:1: Expected YAML, but found character that cannot start any token while scanning for the next token."
    ),
    (
      """
      object: o
      ---
      object: p
      """,
      "r:2:1: Expected a single document in the stream, but found another document."
    ),
    (
      "object: *x",
      "r:1:9: Expected YAML, but found undefined alias."
    ),
    (
      "object: o\u{1}",
      "r:1:10: Expected YAML, but control characters are not allowed."
    ),
    (
      "a: \"\\q\"",
      "r:1:5: Expected YAML, but found unknown escape character while parsing a quoted scalar."
    ),
    (
      """
      object: o
      states: [a]
      """,
      "r:1:1: Expected rules to have the key `commands`, but there is none."
    ),
    (
      """
      object: on
      states: [a]
      commands: {x: {from: none, to: a, event: e}}
      """,
      "r:1:9: Expected the name of an object, but found `on`, which YAML readers take for a boolean or for null. Put it in quotes: 'on'."
    ),
    (
      """
      object: 1x
      states: [a]
      commands: {x: {from: none, to: a, event: e}}
      """,
      "r:1:9: Expected the name of an object, but found `1x`. A name begins with a letter or _, and goes on with letters, digits, _ and -."
    ),
    (
      """
      object:
      states: [a]
      commands: {x: {from: none, to: a, event: e}}
      """,
      "r:1:8: Expected the name of an object, but found nothing."
    ),
    (
      """
      object: {}
      states: a
      commands: []
      """,
      """
      r:1:9: Expected the name of an object, but found a mapping.
      r:2:9: Expected a list of states, but found `a`.
      r:3:11: Expected a mapping of command names to rules, but found a list.
      """
    ),
    (
      """
      object: o
      states: []
      commands: {}
      """,
      """
      r:2:9: Expected at least one state, but the list is empty.
      r:3:11: Expected at least one command, but there is none.
      """
    ),
    (
      """
      object: o
      states: [a, a, none, yes, [b]]
      commands: {x: {from: none, to: a, event: e}}
      """,
      """
      r:2:13: Expected each state once, but found `a` again.
      r:2:16: Expected a state's name, but found `none`, which stands for an object that does not exist. Remove it.
      r:2:22: Expected the name of a state, but found `yes`, which YAML readers take for a boolean or for null. Put it in quotes: 'yes'.
      r:2:27: Expected the name of a state, but found a list.
      """
    ),
    (
      """
      object: o
      states: [a]
      states: [b]
      commands: {x: {from: none, to: a, event: e}, x: {from: a, to: a, event: e}}
      """,
      """
      r:3:1: Expected each key once, but found `states` again. It is first on line 2.
      r:4:46: Expected each key once, but found `x` again. It is first on line 4.
      """
    ),
    (
      """
      object: o
      fields: {a: int, b: strng, c: [], status: string, true: string, on: string, 'false': string, a: string}
      states: [s]
      commands: {x: {from: none, to: s, event: e}}
      """,
      """
      r:2:13: Expected one of string, integer, number, boolean, timestamp, duration, decimal, enum, list, but found `int`. Did you mean `integer`?
      r:2:21: Expected one of string, integer, number, boolean, timestamp, duration, decimal, enum, list, but found `strng`. Did you mean `string`?
      r:2:31: Expected one of string, integer, number, boolean, timestamp, duration, decimal, enum, list, but found a list.
      r:2:35: Expected a field's name, but found `status`, which is kept for every object. Choose another name.
      r:2:51: Expected the name of a field, but found `true`, which is a literal in guards.
      r:2:65: Expected the name of a field, but found `on`, which YAML readers take for a boolean or for null. Put it in quotes: 'on'.
      r:2:77: Expected the name of a field, but found `false`, which is a literal in guards.
      r:2:94: Expected each key once, but found `a` again. It is first on line 2.
      """
    ),
    (
      """
      object: o
      fields:
      states: [s]
      commands: {x: {from: none, to: s, event: e}}
      """,
      "r:2:8: Expected a mapping of field names to types, but found nothing."
    ),
    (
      """
      object: o
      field: {}
      states: [s]
      commands: {x: {from: none, to: s, event: e}}
      """,
      "r:2:1: Expected one of object, version, migrate, unknown-fields, fields, states, commands, examples, but found `field`. Did you mean `fields`?"
    ),
    (
      """
      object: o
      ? [a]
      : b
      states: [s]
      commands: {x: {from: none, to: s, event: e}}
      """,
      "r:2:3: Expected a key, but found a list."
    ),
  ]

  /// Commands on line 7 of a file.
  static let commandFaults: [(String, String)] = [
    (
      "  x: {}",
      """
      r:7:3: Expected the command `x` to have the key `from`, but there is none.
      r:7:3: Expected the command `x` to have the key `to`, but there is none.
      r:7:3: Expected the command `x` to have the key `event`, but there is none.
      """
    ),
    (
      "  x: 1",
      "r:7:6: Expected the command `x` with the keys from, to, event, require, optional, when, set, unset, but found `1`."
    ),
    (
      "  x: {from: a, to: b, event: e, wehn: []}",
      "r:7:33: Expected one of from, to, event, require, optional, when, set, unset, but found `wehn`. Did you mean `when`?"
    ),
    (
      "  x: {from: c, to: bb, event: e}",
      """
      r:7:13: Expected one of a, b, none, but found `c`.
      r:7:20: Expected one of a, b, none, same, but found `bb`. Did you mean `b`?
      """
    ),
    (
      "  x: {from: [], to: b, event: e}",
      "r:7:13: Expected at least one state, but the list is empty. Write `none` for a new object."
    ),
    (
      "  x: {from: [a, a, noen], to: b, event: e}",
      """
      r:7:17: Expected each state once, but found `a` again.
      r:7:20: Expected one of a, b, none, but found `noen`. Did you mean `none`?
      """
    ),
    (
      "  x: {from: none, to: none, event: e}",
      "r:7:23: Expected a command from none to lead to a state, but found `none`: it would neither make nor forget an object."
    ),
    (
      "  x: {from: {}, to: [a], event: []}",
      """
      r:7:13: Expected a state or none, but found a mapping.
      r:7:21: Expected a state or none, but found a list.
      r:7:33: Expected the name of an event, but found a list.
      """
    ),
    (
      "  x: {from: a, to: b, event: 'two words'}",
      "r:7:30: Expected the name of an event, but found `two words`. A name begins with a letter or _, and goes on with letters, digits and _ - . : /."
    ),
    (
      "  x y: {from: a, to: b, event: e}",
      "r:7:3: Expected the name of a command, but found `x y`. A name begins with a letter or _, and goes on with letters, digits and _ - . : /."
    ),
    (
      "  off: {from: a, to: b, event: e}",
      "r:7:3: Expected the name of a command, but found `off`, which YAML readers take for a boolean or for null. Put it in quotes: 'off'."
    ),
    (
      "  x: {from: a, to: b, event: e, require: {s: integer, q: strin}, set: [s, zz, s, ii, {}]}",
      """
      r:7:46: Expected `s` to be required as a string, as `fields` declares it, but found `integer`.
      r:7:58: Expected one of string, integer, number, boolean, timestamp, duration, decimal, enum, list, but found `strin`. Did you mean `string`?
      r:7:75: Expected one of s, i, b, but found `zz`. Declare it in `fields`.
      r:7:79: Expected each field once, but found `s` again.
      r:7:82: Expected one of s, i, b, but found `ii`. Did you mean `i`?
      r:7:86: Expected the name of a field, but found a mapping.
      """
    ),
    (
      "  x: {from: a, to: b, event: e, require: [s], set: s, when: 's == 1'}",
      """
      r:7:42: Expected a mapping of field names to types, but found a list.
      r:7:52: Expected a list of fields to keep, or a mapping of fields to expressions, but found `s`.
      r:7:61: Expected a list of guards, but found `s == 1`.
      """
    ),
    (
      "  x: {from: a, to: b, event: e, when: [1, {a: 1}]}",
      """
      r:7:40: Expected a condition like `total > 0`, but `1` is an integer.
      r:7:43: Expected the guard to have the key `if`, but there is none.
      r:7:44: Expected one of if, else, reason, but found `a`.
      """
    ),
    (
      "  new: {from: a, to: b, event: e}",
      "r:7:3: Expected each key once, but found `new` again. It is first on line 5."
    ),
    (
      "  x: {from: a, to: b, to: a, event: e}",
      "r:7:23: Expected each key once, but found `to` again. It is first on line 7."
    ),
    (
      "  x: {from: a, to: ~, event: null}",
      """
      r:7:20: Expected one of a, b, none, same, but found nothing.
      r:7:30: Expected the name of an event, but found nothing.
      """
    ),
  ]

  /// Guards as YAML writes them, from column 74 on.
  static let guardFaults: [(String, String)] = [
    (
      "\"k\"",
      "r:7:75: Expected a condition like `total > 0`, but `k` is an integer."
    ),
    (
      "\"k =\"",
      "r:7:77: Expected one of + - * / % == != < <= > >= and or not in, but found `=`. Write `==` to compare."
    ),
    (
      "\"k = 1\"",
      "r:7:77: Expected one of + - * / % == != < <= > >= and or not in, but found `=`. Write `==` to compare."
    ),
    (
      "\"k === 1\"",
      "r:7:77: Expected one of + - * / % == != < <= > >= and or not in, but found `===`. Write `==` to compare."
    ),
    (
      "\"k == \"",
      "r:7:80: Expected a field, `state.` and a field, 'text', a number, a duration, true or false, but the expression ends here."
    ),
    (
      "\"k == 1 and k == 2\"",
      "r:7:74: warning: Expected a guard that can hold, but `k == 1 and k == 2` never does: k is at least 1 and at most 1."
    ),
    (
      "\"== 1\"",
      "r:7:75: Expected a field, `state.` and a field, 'text', a number, a duration, true or false, but found `== 1`."
    ),
    (
      "\"k == 'x\"",
      "r:7:80: Expected a ' that ends the text, but the expression ends."
    ),
    (
      "\"k == \\\"x\\\"\"",
      "r:7:80: Expected text in single quotes, but found `\"`. Write 'text'."
    ),
    (
      "\"k == 01\"",
      "r:7:80: Expected a number as JSON writes it, like 12 or -0.5, or a duration like 10m, but found `01`."
    ),
    (
      "\"k == 1e999\"",
      "r:7:80: Expected a number within the range of a double, but found `1e999`."
    ),
    (
      "\"k == 1.2.3\"",
      "r:7:80: Expected a number as JSON writes it, like 12 or -0.5, or a duration like 10m, but found `1.2.3`."
    ),
    (
      "\"k == a.b\"",
      "r:7:80: Expected a field of the command or `state.` and a field, but found `a.`. Fields of nested objects cannot be used."
    ),
    (
      "\"k == state.\"",
      "r:7:86: Expected a field's name after `state.`, but the expression ends here."
    ),
    (
      "\"k == state.q\"",
      "r:7:80: Expected one of s, i, b, but found `q`. Declare it in `fields`."
    ),
    (
      "\"k == state.status\"",
      "r:7:80: Expected a field of the object, but found `state.status`. List the statuses in `from`."
    ),
    (
      "\"state.ii == k\"",
      "r:7:75: Expected one of s, i, b, but found `ii`. Did you mean `i`?"
    ),
    (
      "\"k == state.s\"",
      "r:7:77: Expected both sides of `k == state.s` to be of one kind, but found a number and a string."
    ),
    (
      "\"t < 1\"",
      "r:7:77: Expected both sides of `t < 1` to be of one kind, but found a string and a number."
    ),
    (
      "\"t == true\"",
      "r:7:77: Expected both sides of `t == true` to be of one kind, but found a string and a boolean."
    ),
    (
      "\"state.b < true\"",
      "r:7:83: Expected == or != between booleans, but found `<`."
    ),
    (
      "\"state.b >= q\"",
      "r:7:83: Expected == or != between booleans, but found `>=`."
    ),
    (
      "k == 1x",
      "r:7:79: Expected a number as JSON writes it, like 12 or -0.5, or a duration like 10m, but found `1x`."
    ),
    (
      "'t == ''a'' b'",
      "r:7:86: Expected the end of the expression, but found `b`. Write an operator between two values."
    ),
    (
      "\"(k == 1)\"",
      ""
    ),
    (
      "\"\"",
      "r:7:75: Expected a field, `state.` and a field, 'text', a number, a duration, true or false, but the expression ends here."
    ),
  ]

}
