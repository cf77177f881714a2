import LifecycleRules
import Sequitur
import Testing

struct LifecycleDeciderTests {
  private let create = #"{"customer":"Ada","total":12}"#

  @Test func `an order goes its whole way and is forgotten at the end`() throws {
    let driver = try RulesDriver(orders)
    #expect(try driver.send("create", create) == .event("created"))
    #expect(driver.state() == #"{"status":"open","customer":"Ada","total":12}"#)
    #expect(try driver.send("amend", #"{"total":13}"#) == .event("amended"))
    #expect(driver.state() == #"{"status":"open","customer":"Ada","total":13}"#)
    #expect(try driver.send("cancel", "{}") == .event("cancelled"))
    #expect(try driver.send("purge", "{}") == .event("purged"))
    #expect(driver.state() == nil)
    #expect(try driver.send("create", create) == .event("created"))
  }

  @Test func `an event carries the command's payload byte for byte`() throws {
    let driver = try RulesDriver(orders)
    let odd = " {\"total\" : 12,\n \"customer\":\"\\u0041da\", \"x\":[1.50,{}]} "
    #expect(try driver.send("create", odd) == .event("created"))
    #expect(driver.lastPayload == Array(odd.utf8))
    #expect(driver.state() == #"{"status":"open","customer":"Ada","total":12}"#)
  }

  @Test func `the type comes from the header, or else from the field`() throws {
    let driver = try RulesDriver(orders)
    #expect(try driver.send(nil, #"{"type":"create","customer":"Ada","total":1}"#) == .event("created"))
    #expect(try driver.send("cancel", #"{"type":"create"}"#) == .event("cancelled"))
    #expect(try driver.send(nil, #"{"type":"p\u0075rge"}"#) == .event("purged"))
  }

  @Test(arguments: [
    ("delete", "{}", "The rules of order know no command `delete`"),
    ("", "{}", "The rules of order know no command ``"),
    (nil, #"{"type":"delete"}"#, "The rules of order know no command `delete`"),
    (nil, "{}", "The command has no type: neither the header ce_type nor the field `type`"),
    (
      nil, #"{"type":1}"#,
      "The command has no type: there is no header ce_type, and the field `type` is an integer"
    ),
    (
      nil, #"{"type":null}"#,
      "The command has no type: there is no header ce_type, and the field `type` is null"
    ),
  ])
  func `a type that the rules do not know is an unknown command`(
    type: String?, payload: String, reason: String
  ) throws {
    #expect(try RulesDriver(orders).send(type, payload) == .rejected(.unknownCommand, reason))
  }

  @Test func `a header that is not UTF-8 names no command, whatever the field says`() throws {
    let outcome = try RulesDriver(orders).send([0xff], Array(#"{"type":"create"}"#.utf8))
    #expect(outcome == .rejected(.unknownCommand, "The command's type in the header ce_type is not UTF-8"))
  }

  @Test func `a command on an unseen key is not found unless it starts from none`() throws {
    #expect(
      try RulesDriver(orders).send("cancel", "{}")
        == .rejected(
          .notFound,
          "The command `cancel` needs an object with status open or paid, but the object does not exist"))
  }

  @Test func `a status that does not allow the command is an invalid transition`() throws {
    let driver = try RulesDriver(orders)
    try driver.send("create", create)
    #expect(
      try driver.send("ship", "{}")
        == .rejected(
          .invalidTransition, "The command `ship` needs status paid, but the object has status open"))
    #expect(
      try driver.send("create", create)
        == .rejected(
          .invalidTransition,
          "The command `create` needs a key without object, but the object has status open"))
  }

  @Test(arguments: [
    (#"{"customer":"Ada"}"#, "requires the field `total`, but it is missing"),
    (#"{"customer":"Ada","total":null}"#, "requires the field `total`, but it is null"),
    (#"{"customer":"Ada","total":1.0}"#, "requires the field `total` as an integer, but it is a number"),
    (#"{"customer":"Ada","total":1e2}"#, "requires the field `total` as an integer, but it is a number"),
    (#"{"customer":"Ada","total":"1"}"#, "requires the field `total` as an integer, but it is a string"),
    (
      #"{"customer":"Ada","total":9223372036854775808}"#,
      "requires the field `total` as an integer, but it is a number"
    ),
    (#"{"customer":true,"total":1}"#, "requires the field `customer` as a string, but it is a boolean"),
    (#"{"customer":{},"total":1}"#, "requires the field `customer` as a string, but it is an object"),
    (#"{"customer":[],"total":1}"#, "requires the field `customer` as a string, but it is an array"),
  ])
  func `a required field that is missing or of the wrong type is an invalid field`(
    payload: String, reason: String
  ) throws {
    #expect(
      try RulesDriver(orders).send("create", payload)
        == .rejected(.invalidField, "The command `create` " + reason))
  }

  @Test func `a field that is kept but not required may be missing, but not of another type`() throws {
    let driver = try RulesDriver(
      """
      object: o
      fields: {a: string, b: boolean}
      states: [s]
      commands:
        put: {from: [none, s], to: s, event: put, set: [a, b]}
      """)
    #expect(try driver.send("put", #"{"a":"x"}"#) == .event("put"))
    #expect(driver.state() == #"{"status":"s","a":"x"}"#)
    #expect(try driver.send("put", #"{"a":null,"b":true}"#) == .event("put"))
    #expect(driver.state() == #"{"status":"s","a":"x","b":true}"#)
    #expect(
      try driver.send("put", #"{"b":"yes"}"#)
        == .rejected(
          .invalidField, "The command `put` keeps the field `b` as a boolean, but it is a string"))
  }

  @Test func `the transition is checked before the fields, and the fields before the guards`() throws {
    let driver = try RulesDriver(orders)
    #expect(try driver.send("amend", #"{"total":"x"}"#).code == .notFound)
    try driver.send("create", create)
    #expect(try driver.send("amend", #"{"total":"x"}"#).code == .invalidField)
    #expect(
      try driver.send("amend", #"{"total":-1}"#).reason?.contains("total > 0, which does not hold") == true)
    #expect(
      try driver.send("amend", #"{"total":12}"#)
        == .rejected(
          .guardFailed,
          "The command `amend` on an object with status open requires total != state.total, which does not hold"
        ))
  }

  @Test func `states stay what they are however many are alive`() throws {
    let driver = try RulesDriver(orders)
    let texts = (0..<20).map { #"{"status":"open","customer":"customer number \#($0)","total":\#($0)}"# }
    let states = try texts.map { try driver.decodeState(Array($0.utf8)) }
    for (state, text) in zip(states, texts) {
      var writer = ByteWriter()
      driver.decider.encodeState(state, into: &writer)
      #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
    }
  }

  @Test(arguments: [
    (
      #"{"status":"lost"}"#,
      "Expected a state with one of the statuses open, paid, shipped, cancelled, but found `lost`"
    ),
    (
      #"{"status":"none"}"#,
      "Expected a state with one of the statuses open, paid, shipped, cancelled, but found `none`"
    ),
    (#"{"total":1}"#, "Expected a state with a status, but the field `status` is missing"),
    (
      #"{"status":"open","total":12,"customer":1}"#,
      "Expected a state with a string as `customer`, but found an integer"
    ),
    (#"{"status":"open","total":12} "} "#, "Expected a state as JSON, but"),
    (#"{"status":"open","total":-}"#, "Expected a state as JSON, but"),
    (#"{"status":"open","total":truth}"#, "Expected a state as JSON, but"),
    (#"{"status":"open","customer":"a}"#, "Expected a state as JSON, but"),
    (#"{"status":1}"#, "Expected a state with a status, but the field `status` is an integer"),
    (#"{"status":"open","total":"1"}"#, "Expected a state with an integer as `total`, but found a string"),
    (#"{"status":"open","total":null}"#, "Expected a state with an integer as `total`, but found null"),
    ("", "Expected a state as JSON, but it is empty"),
    ("[]", "Expected a state as JSON, but it is not an object"),
    (#"{"status":"open"} x"#, "Expected a state as JSON, but"),
    (#"{"status":"open","total":1"#, "Expected a state as JSON, but"),
    (#"{"status":"open","customer":"a","total":01}"#, "Expected a state as JSON, but"),
  ])
  func `bytes that are no state are refused with the reason`(text: String, message: String) throws {
    let driver = try RulesDriver(orders)
    let fault = #expect(throws: LifecycleStateFault.self) { _ = try driver.decodeState(Array(text.utf8)) }
    #expect(fault?.message.hasPrefix(message) == true, "\(fault?.message ?? "")")
  }

  @Test(arguments: [
    #"{"status":"s","t":"","i":-9223372036854775808,"n":9223372036854775807,"b":false}"#,
    #"{"status":"s","t":"\"\\\n\t\r\u0000\u001f/é€😀","n":0.1}"#,
    #"{"status":"s","n":1.0}"#, #"{"status":"s","n":-0.0}"#, #"{"status":"s","n":5e-324}"#,
    #"{"status":"s","n":1.7976931348623157e+308}"#, #"{"status":"s","i":0,"b":true}"#, #"{"status":"s"}"#,
    #"{"status":"s","n":9007199254740993}"#, #"{"status":"s","n":1e+22}"#,
    #"{"status":"s","t":"}","i":-1,"n":123456789012345678,"b":true}"#,
    #"{"status":"s","i":-999999999999999999}"#,
  ])
  func `a state is encoded in one form only`(text: String) throws {
    let driver = try RulesDriver(
      """
      object: o
      fields: {t: string, i: integer, n: number, b: boolean}
      states: [s]
      commands:
        put: {from: [none, s], to: s, event: put, set: [t, i, n, b]}
      """)
    #expect(try driver.send("put", text) == .event("put"))
    #expect(driver.state() == text)
    #expect(try driver.send("put", "{}") == .event("put"))
    #expect(driver.state() == text)
  }

  @Test func `a state written otherwise, or by older rules, is read`() throws {
    let driver = try RulesDriver(orders)
    driver.states["k"] = Array(#" { "gone":[1], "total":7, "status":"op\u0065n","customer":"Ada" } "#.utf8)
    #expect(try driver.send("cancel", "{}") == .event("cancelled"))
    #expect(driver.state() == #"{"status":"cancelled","customer":"Ada","total":7}"#)
  }
}
