import Sequitur
import Testing

/// The relations between the limits that the engine relies on.
@Suite struct LimitsTests {
  let limits = Limits()

  @Test func `the defaults are those of the design`() {
    #expect(Limits.keyBytesMax == 1024)
    #expect(limits.recentCommandIDsMax == 8)
  }

  @Test func `an object record counts its ids in one byte`() {
    #expect(0...255 ~= limits.recentCommandIDsMax)
  }

  @Test func `a record fits its topic, and several fit a transaction`() {
    #expect(limits.recordBytesMax + 4096 <= 1_048_588)
    #expect(limits.recordBytesMax * 8 <= limits.transactionBytesMax)
  }

  @Test func `an arena's offsets fit 32 bits`() {
    #expect(limits.transactionBytesMax < 1 << 31)
  }

  @Test func `undrained objects are a small part of those in memory`() {
    #expect(limits.undrainedBytesMax * 4 <= limits.objectBytesMax)
  }

  @Test func `own rejection codes have the prefix`() {
    #expect(RejectionCode.custom("overdrawn").rawValue == "x-overdrawn")
    #expect("\(RejectionCode.invalidField)" == "invalid-field")
  }
}
