import Sequitur
import SequiturJSON
import SequiturTesting
import Testing

@testable import SequiturTesting

/// Deciders that trap on numbers which no test has sent.
@Suite struct ExtremeNumberTests {
  enum Operation: String, Codable, Sendable, CaseIterable {
    case none, add, subtract, multiply, negate, divide, convert, accumulate
  }

  /// Does one thing with a command's number that traps on some.
  struct Trapping: JSONDecider {
    enum Command: Decodable { case change(by: Int) }
    enum Event: Codable { case changed(by: Int) }
    struct State: Codable { var sum = 0 }

    let operation: Operation

    func decide(
      _ command: Command, on state: State?, in context: borrowing DecisionContext
    ) -> Decision<Event> {
      guard case .change(let number) = command else { return .reject(.notFound, "There is no such thing.") }
      let sum = state?.sum ?? 5
      switch operation {
      case .add: _ = sum + number
      case .subtract: _ = -2 - number
      case .multiply: _ = number * 3
      case .negate: _ = -number
      case .divide: _ = 100 / number
      case .convert: _ = Int32(number)
      case .none, .accumulate: break
      }
      if operation == .none, sum.addingReportingOverflow(number).overflow {
        return .reject(.invalidField, "Expected a sum of 64 bits, but \(sum) and \(number) make more.")
      }
      return .accept(.changed(by: number))
    }

    func evolve(_ state: State?, by event: Event) -> State? {
      guard case .changed(let number) = event else { return state }
      return State(sum: (state?.sum ?? 0) + number)
    }
  }

  @Test func `a decider with checked arithmetic is left alone, and nothing of what was tried is kept`() throws
  {
    let driver = TestDriver(Trapping(operation: .none))
    for _ in 0..<6 { try driver.send("change", payload: #"{"by":1}"#, key: "k") }
    #expect(try driver.state(of: "k")?.sum == 6)
    #expect(driver.version(of: "k") == 6)
    #expect(driver.rejections.isEmpty)
  }

  @Test(arguments: Operation.allCases.filter { $0 != .none })
  func `a decider that traps on an extreme number does so in its test`(operation: Operation) async {
    await #expect(processExitsWith: .failure) { [operation = operation as Operation] in
      let driver = TestDriver(Trapping(operation: operation))
      try driver.send("change", payload: #"{"by":1}"#, key: "k")
    }
  }

  @Test func `extreme numbers can be left out`() throws {
    let driver = TestDriver(Trapping(operation: .multiply), triesExtremeNumbers: false)
    #expect(try driver.send("change", payload: #"{"by":1}"#, key: "k").types == ["changed"])
  }

  @Test(
    arguments: [
      (#"{"amount":50}"#, [10..<12]), (#"{"a":-1.5e3,"b":[2]}"#, [5..<11, 17..<18]),
      (#"{"a":"12","b2":true}"#, []),
      (#"{"a":"x\"9","b":7}"#, [16..<17]), ("deposit 50 now", [8..<10]), ("a1 2b", [3..<4]), ("", []),
      ("\"", []),
    ] as [(String, [Range<Int>])])
  func `numbers are varied, and digits in strings and words are not`(payload: String, numbers: [Range<Int>]) {
    let bytes = Array(payload.utf8)
    let expected = numbers.flatMap { number in
      ExtremeNumbers.values.map {
        String(decoding: bytes[..<number.lowerBound], as: UTF8.self) + $0
          + String(decoding: bytes[number.upperBound...], as: UTF8.self)
      }
    }
    #expect(ExtremeNumbers.variants(of: bytes).map { String(decoding: $0, as: UTF8.self) } == expected)
  }
}
