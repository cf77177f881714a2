import SeededRandom

/// Every chance of a simulated world comes from one seed.
struct SimulationRandom {
  private var generator: SplitMix64

  init(seed: UInt64) {
    generator = SplitMix64(seed: seed &* 0x2545_f491_4f6c_dd1d &+ 0x9e37_79b9)
  }

  /// 0 ..< bound.
  mutating func below(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }

  mutating func within(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.count)
  }

  /// True in so many of a thousand cases.
  mutating func chance(perMille: Int) -> Bool { below(1000) < perMille }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
