import LifecycleRules
import Sequitur
import Testing

struct OddPayloadTests {
  private static let malformed: [(String, String)] = [
    ("", "Expected a JSON object, but the payload is empty"),
    (" \n", "Expected a JSON object, but the payload is only white space"),
    ("[]", "Expected a JSON object, but the payload is an array"),
    ("\"a\"", "Expected a JSON object, but the payload is a string"),
    ("12", "Expected a JSON object, but the payload is a number"),
    ("null", "Expected a JSON object, but the payload is no JSON object"),
    ("hello", "Expected a JSON object, but the payload is no JSON object"),
    ("\u{feff}{}", "Expected a JSON object, but the payload is no JSON object"),
  ]

  @Test(arguments: malformed)
  func `a payload that is no JSON object is malformed`(payload: String, reason: String) throws {
    #expect(try RulesDriver(orders).send("create", payload) == .rejected(.malformed, reason))
  }

  @Test func `a payload that is null is malformed`() throws {
    let outcome = try RulesDriver(orders).send(Array("create".utf8), nil)
    #expect(outcome == .rejected(.malformed, "Expected a JSON object, but the payload is null"))
  }

  @Test(arguments: [
    "{", "}", "{]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}", "{a:1}", "{'a':1}",
    "{} x", "{}{}",
    "{},", "{\"a\":tru}", "{\"a\":nulll}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":+1}",
    "{\"a\":-}",
    "{\"a\":1e}", "{\"a\":0x1}", "{\"a\":NaN}", "{\"a\":1e400}", "{\"a\":-1e400}", "{\"a\":\"}",
    "{\"a\":\"\\x\"}",
    "{\"a\":\"\\u12\"}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\n\"}", "{\"a\":\"\u{0}\"}", "{\"\\q\":1}",
    "{\"a\":[1,]}",
    "{\"a\":[1 2]}", "{\"a\":[}", "{\"a\":{\"b\":tru}}", "{\"a\":[[[{\"b\":01}]]]}", "{\"a\":\"b\":1}",
    "{1:2}",
    "{\"a\":1}\u{0}", "{\"a\":// no\n1}", "{\"total\":99999999999999999999x}",
  ])
  func `a payload with a fault anywhere is malformed`(payload: String) throws {
    #expect(try RulesDriver(orders).send("cancel", payload).code == .malformed)
  }

  @Test(
    arguments: [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf5, 0x80, 0x80, 0x80]] as [[UInt8]])
  func `invalid UTF-8 is malformed, also where no rule looks`(bytes: [UInt8]) throws {
    for (before, after) in [
      (#"{"x":""#, #""}"#), (#"{""#, #"":1}"#), (#"{"x":[{"y":""#, #""}]}"#), ("{}", ""),
    ] {
      let payload = Array(before.utf8) + bytes + Array(after.utf8)
      #expect(try RulesDriver(orders).send(Array("cancel".utf8), payload).code == .malformed)
    }
  }

  @Test func `of fields with the same name the last counts`() throws {
    let driver = try RulesDriver(orders)
    #expect(
      try driver.send("create", #"{"total":"x","customer":"a","total":2,"cust\u006fmer":"b"}"#)
        == .event("created"))
    #expect(driver.state() == #"{"status":"open","customer":"b","total":2}"#)
  }

  @Test(arguments: [
    ("9223372036854775807", true), ("-9223372036854775808", true), ("0", true), ("-0", true),
    ("9223372036854775808", false), ("18446744073709551615", false), ("18446744073709551616", false),
    ("-9223372036854775809", false), ("123456789012345678901234567890", false), ("1.0", false),
    ("1e3", false),
  ])
  func `an integer is within 64 bits and without fraction`(number: String, isInteger: Bool) throws {
    let outcome = try RulesDriver(orders).send("create", #"{"customer":"a","total":\#(number)}"#)
    #expect(outcome.code == (isInteger ? nil : .invalidField))
  }

  @Test func `a number beyond 64 bits is valid where no rule looks, and a number where one does`() throws {
    let driver = try RulesDriver(orders)
    #expect(
      try driver.send("create", #"{"customer":"a","total":1,"x":[123456789012345678901234567890]}"#)
        == .event("created"))
    #expect(try driver.send("cancel", #"{"x":-123456789012345678901234567890 }"#) == .event("cancelled"))
  }

  @Test func `a payload of 900 kB is decided like any other, and the next small one too`() throws {
    let driver = try RulesDriver(orders)
    let text = String(repeating: "x", count: 900_000)
    #expect(try driver.send("create", #"{"customer":"\#(text)","total":1}"#) == .event("created"))
    #expect(driver.state() == #"{"status":"open","customer":"\#(text)","total":1}"#)
    #expect(try driver.send("amend", #"{"total":2}"#) == .event("amended"))
    let fields = (0..<60_000).map { "\"f\($0)\":[\($0)]" }.joined(separator: ",")
    #expect(try driver.send("cancel", "{\(fields)}") == .event("cancelled"))
  }

  @Test func `nesting is allowed to 256 levels`() throws {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      func payload(_ levels: Int) -> String {
        "{\"x\":" + String(repeating: open, count: levels - 1) + (open == "[" ? "" : "1")
          + String(repeating: close, count: levels - 1) + "}"
      }
      #expect(try RulesDriver(orders).send("cancel", payload(256)).code == .notFound)
      #expect(
        try RulesDriver(orders).send("cancel", payload(257)).reason
          == "Expected a JSON object, but the payload cannot be read: it is nested deeper than 256 levels")
      #expect(try RulesDriver(orders).send("cancel", payload(400_000)).code == .malformed)
    }
    #expect(
      try RulesDriver(orders).send("cancel", "{\"x\":" + String(repeating: "[", count: 900_000)).code
        == .malformed)
  }
}
