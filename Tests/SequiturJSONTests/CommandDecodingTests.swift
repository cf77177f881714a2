import Sequitur
import SequiturJSON
import Testing

@Suite struct CommandDecodingTests {
  private typealias Command = OrderDecider.Command

  private func decode(_ type: String?, _ payload: String?) -> Decoded<Command> {
    decode(type.map { Array($0.utf8) }, bytes: payload.map { Array($0.utf8) })
  }

  private func decode(_ type: [UInt8]?, bytes payload: [UInt8]?) -> Decoded<Command> {
    let name = Array("ce_type".utf8)
    return name.withUnsafeBytes { name in
      (type ?? []).withUnsafeBytes { typeBytes in
        (payload ?? []).withUnsafeBytes { payloadBytes in
          let headers = type == nil ? [] : [RecordHeader(name: name, value: typeBytes)]
          return headers.withUnsafeBufferPointer { headers in
            OrderDecider().decode(
              CommandRecord(
                unsafeKey: name, payload: payload == nil ? nil : payloadBytes, headers: headers,
                position: CommandPosition(partition: 0, offset: 0), timestamp: 0))
          }
        }
      }
    }
  }

  private func command(_ type: String?, _ payload: String?) -> Command? {
    if case .command(let command) = decode(type, payload) { return command }
    return nil
  }

  @Test func `the case comes from the header, its values from the payload`() {
    let payload = #" {"customer":"ä","lines":[{"item":"x","price":3}],"other":[null,{"a":1e3}]} "#
    #expect(
      command("create", payload)
        == .create(customer: "ä", lines: [OrderDecider.Line(item: "x", price: 3)], note: nil))
  }

  @Test func `without the header the field type says the case`() {
    #expect(command(nil, #"{"type":"change","amount":5}"#) == .amend(total: 5))
    #expect(command("change", #"{"type":"create","amount":5}"#) == .amend(total: 5))
  }

  @Test func `names on the wire are those of the coding keys`() {
    #expect(command("change", #"{"amount":5}"#) == .amend(total: 5))
    #expect(command("amend", #"{"total":5}"#) == nil)
  }

  @Test func `a value without a label is the field _0`() {
    #expect(command("tag", #"{"_0":"red"}"#) == .tag("red"))
  }

  @Test(arguments: [nil, "", "{}", " {\n} ", #"{"anything":1}"#])
  func `a case without values takes any object, or none`(payload: String?) {
    #expect(command("close", payload) == .close)
  }

  @Test(
    arguments: [
      ("open", "{}", "'open'"), ("", "{}", "''"), ("create.x", "{}", "'create.x'"),
      ("amend", "{}", "'amend'"),
      (nil, "{}", "there is none"), (nil, #"{"type":7}"#, "there is none"), (nil, nil, "there is none"),
      (nil, #"{"type":"nope"}"#, "'nope'"),
    ] as [(String?, String?, String)])
  func `other types are unknown commands`(type: String?, payload: String?, reason: String) throws {
    guard case .unknownCommand(let text) = decode(type, payload) else {
      throw UnexpectedAnswer(answer: "\(decode(type, payload))")
    }
    #expect(text.contains(reason))
  }

  @Test(arguments: [
    " ", "null", "[]", "3", "\"x\"", "{", "}", "{}{}", "{},\"close\":{}", "{} x", #"{"amount":5"#,
    #"{"amount":05}"#,
    #"{"amount":5,}"#, #"{"amount":+5}"#, #"{"amount":5.}"#, #"{"amount":.5}"#, #"{"amount":5e}"#,
    #"{"a":1,"b":NaN}"#,
    #"{'amount':5}"#, #"{amount:5}"#, #"{"amount":5,"x":"\q"}"#, #"{"amount":5,"x":"\u12g4"}"#,
    "{\"a\":\"\n\"}",
    #"{"amount":5,"x":tru}"#, #"{"amount" 5}"#, #"{"amount":5 "x":6}"#, "\u{FEFF}{}",
    #"{"amount":5,"x":[1,]}"#,
    #"{"amount":"#, #"{"amount":5,"x":"abc"#, "// comment\n{}",
  ])
  func `a payload that is not exactly one JSON object is malformed`(payload: String) throws {
    for type in ["change", "close", "unknown", nil] {
      guard case .malformed(let reason) = decode(type, payload) else {
        throw UnexpectedAnswer(answer: "\(decode(type, payload))")
      }
      #expect(reason.hasPrefix("Expected the payload to be one JSON object"))
    }
  }

  @Test func `bytes that are not UTF-8 are malformed, and the reason says where`() throws {
    let payload = Array(#"{"amount":5,"x":""#.utf8) + [0xc3, 0x28] + Array("\"}".utf8)
    guard case .malformed(let reason) = decode(Array("change".utf8), bytes: payload) else {
      throw UnexpectedAnswer(answer: "not malformed")
    }
    #expect(reason.contains("UTF-8 at byte 17"))
  }

  @Test func `nesting beyond the limit is malformed, and not a trap`() throws {
    func nested(_ depth: Int) -> String {
      #"{"amount":5,"x":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
    }
    #expect(command("change", nested(400)) == .amend(total: 5))
    guard case .malformed = decode("change", nested(100_000)) else {
      throw UnexpectedAnswer(answer: "not malformed")
    }
  }

  @Test(
    arguments: [
      ("change", "{}", "the field amount, but it is missing"),
      ("change", #"{"amount":"5"}"#, "the field amount of change to be an integer"),
      ("change", #"{"amount":null}"#, "amount"), ("change", #"{"amount":1.5}"#, "the numbers of change"),
      ("change", #"{"amount":99999999999999999999}"#, "the numbers of change"), ("change", nil, "amount"),
      ("create", #"{"customer":"a","lines":[{"item":"x","price":1},{"item":"y"}]}"#, "lines[1].price"),
      ("create", #"{"customer":"a","lines":[{"item":"x","price":true}]}"#, "lines[0].price"),
      ("create", #"{"customer":"a","lines":{}}"#, "lines"),
      ("create", #"{"customer":1,"lines":[]}"#, "a string"),
    ] as [(String, String?, String)])
  func `a field that is missing or of the wrong type is an invalid field, and the reason has its path`(
    type: String, payload: String?, reason: String
  ) throws {
    guard case .rejected(let rejection) = decode(type, payload) else {
      throw UnexpectedAnswer(answer: "\(decode(type, payload))")
    }
    #expect(rejection.code == .invalidField)
    #expect(rejection.reason.contains(reason), "\(rejection.reason)")
  }

  @Test func `a field that stands there twice gives the same answer each time`() {
    let answers = (0..<20).map { _ in command("change", #"{"amount":5,"amount":6}"#) }
    #expect(answers.allSatisfy { $0 == answers[0] })
  }
}

struct UnexpectedAnswer: Error {
  let answer: String
}
