import Testing

@testable import PartitionEngine

@Suite struct PartitionRotationTests {
  @Test func `each has its turn before any has a second one, whoever comes and goes`() {
    var rotation = PartitionRotation<Int>()
    #expect(rotation.next() == nil)
    for member in 0..<4 { rotation.insert(member) }
    #expect((0..<7).map { _ in rotation.next() } == [0, 1, 2, 3, nil, 0, 1])
    rotation.remove(at: 0)
    #expect((0..<4).map { _ in rotation.next() } == [2, 3, nil, 1])
    rotation.insert(9)
    rotation.remove(at: 2)
    #expect((0..<4).map { _ in rotation.next() } == [2, 9, nil, 1])
    for _ in 0..<3 { rotation.remove(at: 0) }
    #expect((0..<2).map { _ in rotation.next() } == [nil, nil])
  }

  @Test func `there may be more until a whole round had less than fits in a turn`() {
    var rotation = PartitionRotation<Int>()
    for member in 0..<2 { rotation.insert(member) }
    #expect(rotation.isIdle && !rotation.mayHaveMore)
    _ = rotation.next()
    rotation.found(isFull: true)
    _ = rotation.next()
    rotation.found(isFull: false)
    #expect(rotation.mayHaveMore)
    #expect(rotation.next() == nil)
    #expect(rotation.mayHaveMore && !rotation.isIdle)
    _ = rotation.next()
    rotation.found(isFull: false)
    #expect(rotation.mayHaveMore)
    #expect((0..<2).map { _ in rotation.next() } == [1, nil])
    #expect(!rotation.mayHaveMore && !rotation.isIdle)
    while rotation.next() != nil {}
    #expect(rotation.isIdle)
  }
}
