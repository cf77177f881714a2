import Sequitur
import Testing

/// The relations between the limits that the engine relies on.
@Suite struct LimitsTests {
  let limits = Limits()

  @Test func `the most ids that an object may keep fit the byte that counts them`() {
    #expect(UInt8(exactly: Limits.recentCommandIDsLimit) != nil)
    var limits = Limits()
    limits.recentCommandIDsMax = Limits.recentCommandIDsLimit
    #expect(limits.faults == [])
    limits.recentCommandIDsMax += 1
    #expect(limits.faults.count == 1)
  }

  @Test func `a record fits its topic, and several fit a transaction`() {
    #expect(limits.recordBytesMax + 4096 <= 1_048_588)
    #expect(limits.recordBytesMax * 8 <= limits.transactionBytesMax)
  }

  @Test func `an arena's offsets fit 32 bits`() {
    #expect(limits.transactionBytesMax < 1 << 31)
  }

  @Test func `the defaults are in their ranges`() { #expect(limits.faults == []) }

  @Test func `what is out of its range is named with the value, the range and the setting`() {
    var limits = Limits()
    limits.undrainedBytesMax = 0
    #expect(
      limits.faults == ["Expected limits.undrainedBytesMax to be 1 to 1099511627776, but it is 0."])
    limits = Limits()
    limits.recentCommandIDsMax = 256
    #expect(limits.faults == ["Expected limits.recentCommandIDsMax to be 0 to 255, but it is 256."])
    limits = Limits()
    limits.recordBytesMax = -1
    limits.transactionCommandsMax = 0
    limits.transactionBytesMax = .max
    limits.transactionAgeMax = .seconds(-1)
    limits.undrainedAgeMax = .seconds(4000)
    #expect(limits.faults.count == 5)
    #expect(
      limits.faults.contains(
        "Expected limits.transactionAgeMax to be 0.0 seconds to 60.0 seconds, but it is -1.0 seconds."))
  }

  @Test func `own rejection codes have the prefix`() {
    #expect(RejectionCode.custom("overdrawn").rawValue == "x-overdrawn")
    #expect("\(RejectionCode.invalidField)" == "invalid-field")
  }
}
