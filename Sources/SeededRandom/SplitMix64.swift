/// Random numbers that a seed fixes: a run that failed can be had again (SplitMix64, Steele, Lea and Flood 2014).
///
/// The same seed gives the same numbers everywhere and for ever: seeds of failed runs, and the demo's commands, are
/// quoted in reports.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  @usableFromInline var state: UInt64

  @inlinable
  package init(seed: UInt64) { state = seed }

  @inlinable
  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }

  /// A number from 0 to below the bound.
  ///
  /// By multiplication, not by the standard library's `random(in:using:)`, whose choice may change with it.
  package mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "a choice is among something")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// One of the elements; there must be some.
  package mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
