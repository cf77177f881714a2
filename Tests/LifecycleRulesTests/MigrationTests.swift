import LifecycleRules
import Sequitur
import Testing

/// How states of older versions are read.
struct MigrationTests {
  private static let rules = """
    object: item
    version: 3
    migrate:
      - from: 1
        states: {held: reserved, gone: open}
        fields:
          price: decimal(state.price)
          total: integer(state.count) * 2
          name: state.title
          isBig: has(state.size) and integer(state.size) > 10
          since: timestamp(state.since)
          colour: state.colour
          left: max(integer(state.count) - state.used, 0)
      - {from: 2, fields: {name: "string(state.number) + '!'"}}
    fields:
      price: {type: decimal, scale: 2}
      total: integer
      name: string
      isBig: boolean
      since: timestamp
      colour: {enum: [red, green]}
      left: integer
      used: {type: integer, default: 0}
      tags: {list: string}
    states: [open, reserved]
    commands:
      create: {from: none, to: open, event: created, set: [price, total, name, isBig, since, colour, left, used, tags]}
      go: {from: open, to: reserved, event: went}
    """

  private func migrate(_ state: String, from version: Int) throws -> String {
    let decider = LifecycleDecider(try RulesFile.parse(Self.rules, path: "r"))
    var migrated = ByteWriter()
    try Array(state.utf8).withUnsafeBytes { bytes in
      try decider.migrateState(RawSpan.unsafe(bytes), from: version, into: &migrated)
    }
    // What is written must be read by the same decider.
    let text = String(decoding: migrated.bytes, as: UTF8.self)
    _ = try decider.decodeState(RawSpan.unsafe(migrated.bytes))
    return text
  }

  @Test(arguments: [
    (
      #"{"status":"held","price":12.5,"count":4,"title":"a \"b\"","size":11,"since":"2026-01-01T00:00:00Z","colour":"red"}"#,
      #"{"status":"reserved","price":12.50,"total":8,"name":"a \"b\"","isBig":true,"since":1767225600000,"colour":"red","left":4,"used":0}"#
    ),
    // What is missing stays so, or takes its default.
    (#"{"status":"open"}"#, #"{"status":"open","isBig":false,"used":0}"#),
    // A double's digits are rounded to the places there are; texts hold numbers.
    (
      #"{"status":"gone","price":0.30000000000000004,"count":"7","used":9,"tags":["x","y"]}"#,
      #"{"status":"open","price":0.30,"total":14,"isBig":false,"left":0,"used":9,"tags":["x","y"]}"#
    ),
    (
      #"{"price":-0.005,"status":"open","count":3.0}"#,
      #"{"status":"open","price":-0.01,"total":6,"isBig":false,"left":3,"used":0}"#
    ),
    (
      #"{"status":"open","price":"99999999999999999999999999999999.99"}"#,
      #"{"status":"open","price":99999999999999999999999999999999.99,"isBig":false,"used":0}"#
    ),
  ])
  func `a state of an older version is read as the rules say`(old: String, new: String) throws {
    #expect(try migrate(old, from: 1) == new)
  }

  @Test func `each version has its own migration, and others are read as they are`() throws {
    #expect(
      try migrate(#"{"status":"open","number":12.50}"#, from: 2)
        == #"{"status":"open","name":"12.50!","used":0}"#)
    #expect(
      try migrate(#"{"status":"open","number":true}"#, from: 2)
        == #"{"status":"open","name":"true!","used":0}"#)
    let decider = LifecycleDecider(
      try RulesFile.parse(
        Self.rules.replacing("from: 2,", with: "from: 1,").replacing("- from: 1\n", with: "- from: 2\n"),
        path: "r"))
    #expect(decider.schemaVersion == 3)
  }

  @Test(arguments: [
    (
      #"{"status":"held","price":"dear"}"#,
      "Expected the field `price` of a state of version 1 to be readable as a decimal with 2 places, but it is 'dear'"
    ),
    (
      #"{"status":"held","count":1.5}"#,
      "Expected the field `count` of a state of version 1 to be readable as an integer, but it is a number"
    ),
    (
      #"{"status":"held","colour":"blue"}"#,
      "Expected the field `colour` of a state of version 1 to be readable as one of red, green, but it is 'blue'"
    ),
    (
      #"{"status":"held","used":"x"}"#,
      "Expected the field `used` of a state of version 1 to be readable as an integer, but it is 'x'"
    ),
    (
      #"{"status":"held","count":9223372036854775807}"#,
      "Expected a value for the field `total` of a state of version 1, but it is too large, or divided by zero"
    ),
    (#"{"status":"lost"}"#, "Expected a state with one of the statuses open, reserved, but found `lost`"),
    (#"{"price":1}"#, "Expected a state with a status, but the field `status` is missing"),
    ("[]", "Expected a state as JSON, but"),
  ])
  func `a state that cannot be read is told with its field`(state: String, message: String) {
    let fault = #expect(throws: LifecycleStateFault.self) { try migrate(state, from: 1) }
    #expect(fault?.message.hasPrefix(message) == true, "\(String(describing: fault))")
  }

  // MARK: Faults

  private static let head = """
    object: item
    version: 2
    fields: {total: integer, price: {type: decimal, scale: 2}}
    states: [open, held]
    commands:
      create: {from: none, to: open, event: created, set: [total, price]}
      hold: {from: open, to: held, event: held}
    """

  @Test(arguments: [
    ("{from: 1, states: {lent: held}, fields: {price: decimal(state.price)}}", ""),
    (
      "{states: {lent: held}}",
      "r:8:10: Expected a migration like {from: 1, states: {held: reserved}} to have the key `from`, but there is none."
    ),
    (
      "{from: 2, states: {lent: held}}",
      "r:8:17: Expected `from` to be below the rules' version 2, but found 2. Write `version: 3`."
    ),
    (
      "{from: 0, states: {lent: held}}",
      "r:8:17: Expected the version that wrote the states, 1 to 65534, but found `0`."
    ),
    (
      "{from: 65535, states: {lent: held}}",
      "r:8:17: Expected the version that wrote the states, 1 to 65534, but found `65535`."
    ),
    (
      "{from: 9223372036854775807, states: {lent: held}}",
      "r:8:17: Expected the version that wrote the states, 1 to 65534, but found `9223372036854775807`."
    ),
    (
      "{from: one, states: {lent: held}}",
      "r:8:17: Expected the version that wrote the states, 1 to 65534, but found `one`."
    ),
    ("{from: 1}", "r:8:10: Expected the migration to have the key `states` or `fields`, but there is none."),
    (
      "{from: 1, states: {lent: hled}}",
      "r:8:35: Expected one of open, held, but found `hled`. Did you mean `held`?"
    ),
    (
      "{from: 1, states: {lent: none}}",
      "r:8:35: Expected a state, but found `none`. A migration forgets no object: let a command do that."
    ),
    (
      "{from: 1, states: {none: open}}",
      "r:8:29: Expected an older state, but found `none`, which no stored object has."
    ),
    ("{from: 1, states: [lent]}", "r:8:28: Expected a mapping of older states to states, but found a list."),
    (
      "{from: 1, fields: {prise: state.x}}",
      "r:8:29: Expected one of total, price, but found `prise`. Did you mean `price`?"
    ),
    (
      "{from: 1, fields: {total: count}}",
      "r:8:36: Expected fields of the older state alone, but found `count`. Write `state.count`."
    ),
    (
      "{from: 1, fields: {total: $version}}",
      "r:8:36: Expected fields of the older state alone, but found `$version`. A state is read without a command."
    ),
    (
      "{from: 1, fields: {total: state.count + 1}}",
      "r:8:48: Expected two values of one type around `+`, but `state.count` is of no known type and `1` is an integer. Say as what the older field is read, like `integer(state.count)`."
    ),
    (
      "{from: 1, fields: {total: integer(5)}}",
      "r:8:44: Expected a field of the older state in integer(…), but found `5`."
    ),
    (
      "{from: 1, fields: {price: decimal(state.price) * 2}}",
      "r:8:36: Expected a field and the number of places in decimal(…), but found one value. Write `decimal(state.price, 2)` for two places."
    ),
    (
      "{from: 1, fields: {total: string(state.count)}}",
      "r:8:36: Expected an integer for the field `total`, but `string(state.count)` is a string."
    ),
    (
      "{from: 1, fields: {total: integr(state.count)}}",
      "r:8:36: Expected one of the functions min, max, length, abs, round, has, string, integer, number, boolean, decimal, timestamp, duration, but found `integr(`. Did you mean `integer`?"
    ),
    (
      "[{from: 1, states: {lent: held}}, {from: 1, states: {sold: held}}]",
      "r:8:44: Expected each `from` once, but found 1 again. Write all of a version into one mapping."
    ),
    (
      "{from: 1, sates: {lent: held}}",
      "r:8:20: Expected one of from, states, fields, but found `sates`. Did you mean `states`?"
    ),
    (
      "once",
      "r:8:10: Expected a migration like {from: 1, states: {held: reserved}} with the keys from, states, fields, but found `once`."
    ),
  ])
  func `a fault of a migration is named with its place`(migrate: String, expected: String) {
    let said = RulesFile.check(Self.head + "\nmigrate: \(migrate)\n", path: "r").description
    #expect(said == expected)
  }

  @Test func `conversions are for older states only`() {
    let yaml = Self.head + "\n  go: {from: open, to: same, set: {total: integer(state.total)}, event: went}\n"
    #expect(
      RulesFile.check(yaml, path: "r").description
        == "r:8:43: Expected one of the functions min, max, length, abs, round, has, but found `integer(`.")
  }
}
