import Sequitur
import Testing

@Suite struct ExpectedVersionTests {
  private func read(_ text: String) -> ExpectedVersion? {
    Array(text.utf8).withUnsafeBytes { ExpectedVersion($0) }
  }

  @Test(
    arguments: [
      ("any", .any), ("none", .none), ("exists", .exists), ("0", .exactly(0)), ("1", .exactly(1)),
      ("007", .exactly(7)), ("18446744073709551615", .exactly(.max)),
    ] as [(String, ExpectedVersion)])
  func `the forms of the header`(text: String, expected: ExpectedVersion) {
    // Optional's own `none` would win otherwise.
    #expect(read(text) == .some(expected))
  }

  @Test(arguments: [
    "", " ", "Any", "any ", "-1", "+1", "1.0", "0x1", "18446744073709551616", "99999999999999999999", "١",
  ])
  func `anything else is no version`(text: String) {
    #expect(read(text) == nil)
  }

  @Test(
    arguments: [
      (.any, true, true, true), (.none, true, false, false), (.exists, false, true, true),
      (.exactly(0), true, false, false), (.exactly(1), false, true, false), (.exactly(2), false, false, true),
    ] as [(ExpectedVersion, Bool, Bool, Bool)])
  func `what is met by versions 0, 1 and 2`(expected: ExpectedVersion, zero: Bool, one: Bool, two: Bool) {
    #expect((0...2).map { expected.isMet(by: $0) } == [zero, one, two])
  }
}
