import PartitionEngine
import Testing

struct OffsetGapsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Partition and start of each gap, and whether it is believed.
    let gaps: [(Int32, Int64, Bool)]
  }

  @Test(arguments: [
    Case(testDescription: "the first gap is not", gaps: [(0, 7, false)]),
    Case(testDescription: "the same again is", gaps: [(0, 7, false), (0, 7, true)]),
    Case(
      testDescription: "another one is not",
      gaps: [(0, 7, false), (0, 5, false), (0, 7, false), (0, 7, true)]),
    Case(
      testDescription: "later ones are, once one was", gaps: [(0, 7, false), (0, 7, true), (0, 20, true)]),
    Case(
      testDescription: "each partition is for itself",
      gaps: [(0, 7, false), (1, 7, false), (0, 7, true), (1, 8, false), (1, 8, true)]),
  ])
  func `a gap is believed when it is met twice`(example: Case) {
    var gaps = OffsetGaps()
    for (partition, start, isBelieved) in example.gaps {
      #expect(gaps.believes(partition, from: start) == isBelieved, "\(partition), \(start)")
    }
  }
}
