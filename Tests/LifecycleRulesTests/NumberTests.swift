import LifecycleRules
import Sequitur
import Testing

/// What numbers of commands and states are read as. `make fuzz-numbers` compares millions of them.
struct NumberTests {
  private let accounts = """
    object: account
    fields: {balance: number, points: integer}
    states: [active]
    commands:
      open: {from: none, to: active, event: opened, set: [balance, points]}
      set: {from: active, to: active, event: wasSet, set: [balance, points]}
      spend: {from: active, to: active, event: spent, require: {amount: number}, when: ["amount <= state.balance"]}
      touch: {from: active, to: active, event: touched, when: ["state.balance > 0"]}
    """

  /// The double that the engine keeps for a number of a command.
  private func kept(_ number: String, in driver: RulesDriver) throws -> Double {
    driver.states["k"] = nil
    try #require(try driver.send("open", #"{"balance":\#(number)}"#) == .event("opened"))
    let state = try #require(driver.state())
    let text = state.dropFirst(#"{"status":"active","balance":"#.count).dropLast()
    return try #require(Double(String(text)), "\(state)")
  }

  /// Expected values are the standard library's, which reads with the C library's `strtod`.
  @Test(arguments: [
    "10.000000000000000000", "0.95000000000000000000", "874.40933255757364643", "12345678901234567890",
    "1000000.3333333333333333", "9223372036854775808", "18446744073709551615", "18446744073709551616",
    "-9223372036854775809", "-12345678901234567890.5", "0.000000000000000000000000000001",
    "0.30000000000000000000000000000000000004", "100000000000000000000000000000000000000000000",
    "9007199254740993.0", "9007199254740992.99999999999999999999", "1.00000000000000011102230246251565404",
    "1.000000000000000111022302462515654042363166809082031249", "2.2250738585072011e-308", "4.9e-324",
    "2.4703282292062328e-324", "1.7976931348623157e308", "123456789012345678e-5", "1e-5", "1E+2",
    "0.0000000000000000000e5", "-0.0", "-0.00000000000000000000", "8.41e21", "9.5367431640625e-7",
  ])
  func `a number is the nearest double`(number: String) throws {
    let expected = try #require(Double(number))
    let driver = try RulesDriver(accounts)
    for sign in number.hasPrefix("-") ? [""] : ["", "-"] {
      let found = try kept(sign + number, in: driver)
      let signed = sign.isEmpty ? expected : -expected
      #expect(found.bitPattern == signed.bitPattern, "\(sign)\(number): \(found)")
    }
  }

  @Test(arguments: [
    "1e-400", "-1e-400", "2.47e-324", "1e-99999999999999999999", "0e99999999999999999999",
    "0.\(String(repeating: "0", count: 400))1",
  ])
  func `a number too small for a double is zero`(number: String) throws {
    let found = try kept(number, in: RulesDriver(accounts))
    #expect(found == 0)
    #expect(found.sign == (number.hasPrefix("-") ? .minus : .plus))
  }

  @Test(arguments: [
    "1e400", "-1e400", "1.7976931348623159e308", "1e99999999999999999999",
    "1\(String(repeating: "0", count: 400))", "1\(String(repeating: "0", count: 400)).5",
  ])
  func `a number too large for a double is malformed`(number: String) throws {
    #expect(try RulesDriver(accounts).send("open", #"{"balance":\#(number)}"#).code == .malformed)
  }

  @Test(arguments: [
    "01", "-01", "00.5", "1.", "1.e5", ".5", "1e", "1e+", "1e5.5", "--1", "-", "+1", "1-1", "1_000",
    "1 5",
    "0x10", "Infinity", "nan", "1.0000000000000000000.0", "10000000000000000000000e", "1\u{0}", "１２",
  ])
  func `what is nearly a number is malformed`(number: String) throws {
    for payload in [#"{"balance":\#(number)}"#, #"{"x":[\#(number)]}"#, #"{"x":{"y":\#(number) }}"#] {
      #expect(try RulesDriver(accounts).send("open", payload).code == .malformed, "\(payload)")
    }
  }

  @Test func `a guard judges numbers of many digits by their value`() throws {
    let driver = try RulesDriver(accounts)
    #expect(try driver.send("open", #"{"balance":10}"#) == .event("opened"))
    for amount in [
      "1000000.3333333333333333", "10.00000000000000000001e1", "10.000000000000002000",
      "12345678901234567890",
    ] {
      #expect(try driver.send("spend", #"{"amount":\#(amount)}"#).code == .guardFailed, "\(amount)")
    }
    for amount in ["9.999999999999999999999", "10.000000000000000000", "-1000000.3333333333333333"] {
      #expect(try driver.send("spend", #"{"amount":\#(amount)}"#) == .event("spent"), "\(amount)")
    }
    #expect(try driver.send("set", #"{"balance":12345678901234567890}"#) == .event("wasSet"))
    #expect(driver.state() == #"{"status":"active","balance":12345678901234567168.0}"#)
    #expect(try driver.send("touch", "{}") == .event("touched"))
  }

  @Test func `a state's number is read back as it was written`() throws {
    let driver = try RulesDriver(accounts)
    var numbers = (15...23).flatMap { power in
      let number = Double("1e\(power)")!
      return [number, number.nextUp, number.nextDown, number * 1.2345678901234567, -number * 9.87654321]
    }
    numbers += [
      0x1p53, 0x1p53 + 2, 0x1p63, 0x1p64, -0x1p63, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1,
      1.0 / 3,
    ]
    for number in numbers {
      driver.states["k"] = nil
      try #require(try driver.send("open", #"{"balance":\#(number)}"#) == .event("opened"))
      let written = try #require(driver.state())
      // A field that stays goes through the state's text and back.
      #expect(try driver.send("set", #"{"points":1}"#) == .event("wasSet"))
      #expect(driver.state() == String(written.dropLast()) + #","points":1}"#)
      #expect(try driver.send("spend", #"{"amount":\#(number)}"#) == .event("spent"), "\(number)")
      let more = number.nextUp.isFinite ? "\(number.nextUp)" : "1e308"
      if number.nextUp.isFinite {
        #expect(try driver.send("spend", #"{"amount":\#(more)}"#).code == .guardFailed, "\(number)")
      }
    }
  }

  @Test(arguments: [
    "9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551617",
    "36893488147419103232", "1.0", "1e0", "10000000000000000000000000000000000000000000000",
  ])
  func `an integer field takes no number that is none within 64 bits, and never wraps`(number: String) throws
  {
    let driver = try RulesDriver(accounts)
    #expect(try driver.send("open", #"{"points":\#(number)}"#).code == .invalidField)
    #expect(driver.state() == nil)
  }
}
