/// Random numbers that a seed fixes: a run that failed can be had again (SplitMix64, Steele, Lea and Flood 2014).
public struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  /// - Parameter state: the seed.
  public init(state: UInt64) { self.state = state }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }
}
