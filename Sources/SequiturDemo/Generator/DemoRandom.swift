/// A seeded source of choices (SplitMix64, Steele, Lea and Flood 2014): a seed gives the same commands everywhere.
struct DemoRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }

  /// A number from 0 to below the bound.
  ///
  /// By multiplication, not by the standard library's `random(in:using:)`, whose choice may change with it.
  mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "a choice is among something")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// True in so many cases of a hundred.
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

  /// One of the elements; there must be some.
  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// So many hexadecimal digits, at most 16.
  mutating func hexadecimal(_ digits: Int) -> String {
    let text = String(next(), radix: 16)
    return String((String(repeating: "0", count: 16 - text.count) + text).suffix(digits))
  }
}
