import LifecycleRules
import Testing

/// What a new user writes in his first hour.
struct TypicalFaultTests {
  @Test(arguments: files)
  func `each fault of a typical first file is named where it stands, with what to write`(
    fault: String, yaml: String, expected: String
  ) {
    #expect(RulesFile.check(yaml, path: "r").description == expected, "\(fault)")
  }
}

private let files: [(fault: String, yaml: String, expected: String)] = [
  (
    "a misspelt field in a guard",
    """
    object: item
    fields: {price: integer}
    states: [listed, sold]
    commands:
      list: {from: none, to: listed, event: listed, require: {price: integer}, set: [price]}
      buy: {from: listed, to: sold, event: sold, require: {amount: integer}, when: ["amont == state.price"]}
    """,
    """
    r:6:82: warning: Expected one of amount, but found `amont`. Did you mean `amount`?
    """
  ),
  (
    "a state field that is never set",
    """
    object: item
    fields: {price: integer, buyer: string}
    states: [listed, sold]
    commands:
      list: {from: none, to: listed, event: listed, require: {price: integer}, set: [price]}
      buy: {from: listed, to: sold, event: sold, require: {buyer: string}, when: ["buyer != state.buyer"]}
    """,
    """
    r:2:26: warning: Expected a command that keeps the field `buyer`, but no `set` names it.
    r:6:89: warning: Expected `state.buyer` to be set, but no way to the state `listed` sets it. Give it a default, or ask has(state.buyer).
    """
  ),
  (
    "a guard that can never hold",
    """
    object: item
    fields: {stock: {type: integer, default: 0, min: 0, max: 10}}
    states: [active]
    commands:
      create: {from: none, to: active, event: created}
      take: {from: active, to: same, event: taken, when: ["state.stock > 10"]}
    """,
    """
    r:6:55: warning: Expected a guard that can hold, but `state.stock > 10` never does: state.stock is at least 0 and at most 10.
    """
  ),
  (
    "`||`",
    """
    object: door
    fields: {code: string}
    states: [shut, open]
    commands:
      make: {from: none, to: shut, event: made, require: {code: string}, set: [code]}
      open: {from: shut, to: open, event: opened, require: {code: string}, when: ["code == state.code || code == 'master'"]}
    """,
    """
    r:6:99: Expected one of + - * / % == != < <= > >= and or not in, but found `||`. Write `or`.
    """
  ),
  (
    "`&&`",
    """
    object: door
    fields: {code: string}
    states: [shut, open]
    commands:
      make: {from: none, to: shut, event: made, require: {code: string}, set: [code]}
      open: {from: shut, to: open, event: opened, require: {code: string}, when: ["code == state.code && code != ''"]}
    """,
    """
    r:6:99: Expected one of + - * / % == != < <= > >= and or not in, but found `&&`. Write `and`.
    """
  ),
  (
    "`=`",
    """
    object: door
    fields: {code: string}
    states: [shut, open]
    commands:
      make: {from: none, to: shut, event: made, require: {code: string}, set: [code]}
      open: {from: shut, to: open, event: opened, require: {code: string}, when: ["code = state.code"]}
    """,
    """
    r:6:85: Expected one of + - * / % == != < <= > >= and or not in, but found `=`. Write `==` to compare.
    """
  ),
  (
    "a status nobody reaches",
    """
    object: order
    states: [open, paid, shipped]
    commands:
      create: {from: none, to: open, event: created}
      ship: {from: paid, to: shipped, event: shipped}
    """,
    """
    r:2:16: warning: Expected a way from none to the state `paid`, but no command leads to it.
    r:2:22: warning: Expected a way from none to the state `shipped`, but no command leads to it.
    r:5:3: warning: Expected the command `ship` to be possible, but no object reaches its `from`.
    """
  ),
  (
    "an alternative never reached",
    """
    object: user
    fields: {failed: {type: integer, default: 0}}
    states: [active, locked]
    commands:
      register: {from: none, to: active, event: registered}
      loginFailed:
        - {from: active, to: same, event: loginFailed, set: {failed: "state.failed + 1"}}
        - {from: active, to: locked, event: locked, when: ["state.failed >= 2"]}
    """,
    """
    r:8:7: warning: Expected each alternative of `loginFailed` to be reached, but the ones before it take all its commands.
    """
  ),
  (
    "money as a number",
    """
    object: item
    fields: {price: number}
    states: [listed]
    commands:
      list: {from: none, to: listed, event: listed, require: {price: number}, set: [price]}
    """,
    """
    r:2:10: warning: Expected money to be exact, but `price` is a number, which is a double. Write {type: decimal, scale: 2}.
    """
  ),
  (
    "a wrong duration",
    """
    object: seat
    fields: {until: timestamp}
    states: [held]
    commands:
      hold: {from: none, to: held, event: held, set: {until: "$time + 10min"}}
    """,
    """
    r:5:67: Expected a duration like 10m, in w, d, h, m, s or ms, but found `10min`. Write `10m`.
    """
  ),
]
