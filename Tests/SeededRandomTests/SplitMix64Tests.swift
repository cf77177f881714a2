import SeededRandom
import Testing

struct SplitMix64Tests {
  /// The first numbers of the reference implementation (Vigna, splitmix64.c) for the seed 1234567.
  @Test func `the numbers are the reference's`() {
    var generator = SplitMix64(seed: 1_234_567)
    let first = (0..<5).map { _ in generator.next() }
    #expect(
      first == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
  }

  @Test func `the same seed gives the same numbers, another one others`() {
    var (first, second, other) = (SplitMix64(seed: 1), SplitMix64(seed: 1), SplitMix64(seed: 2))
    let numbers = (0..<100).map { _ in first.next() }
    #expect((0..<100).map { _ in second.next() } == numbers)
    #expect((0..<100).map { _ in other.next() } != numbers)
    #expect(Set(numbers).count == 100)
  }

  @Test(arguments: [1, 2, 3, 100, Int.max])
  func `choices are within their bound, and small ones are all made`(bound: Int) {
    var generator = SplitMix64(seed: 7)
    let choices = (0..<2000).map { _ in generator.below(bound) }
    #expect(choices.allSatisfy { (0..<bound).contains($0) })
    #expect(Set(choices).count == bound || bound == .max)
  }
}
