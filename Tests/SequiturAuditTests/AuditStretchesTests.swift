import Testing

@testable import SequiturAudit

/// Which rules judge which commands.
struct AuditStretchesTests {
  @Test func `a command belongs to the first checkpoint behind it`() {
    var stretches = AuditStretches()
    stretches.add(position: 3, decider: "a@1", isCertain: true)
    stretches.add(position: 5, decider: "a@1", isCertain: true)
    stretches.add(position: 9, decider: "a@2", isCertain: true)
    stretches.add(position: 10, decider: nil, isCertain: true)
    #expect(stretches.all.map(\.end) == [5, 9, 10])
    #expect(
      (0..<12).map { stretches.stretch(of: $0).decider } == [
        "a@1", "a@1", "a@1", "a@1", "a@1", "a@2", "a@2", "a@2", "a@2", nil, nil, nil,
      ])
    #expect(!stretches.stretch(of: 11).isCertain)
  }

  @Test func `what compaction has taken makes a stretch uncertain, and only that one`() {
    var stretches = AuditStretches()
    stretches.add(position: 100, decider: "a@2", isCertain: false)
    stretches.add(position: 110, decider: "a@2", isCertain: true)
    #expect(!stretches.stretch(of: 50).isCertain)
    #expect(stretches.stretch(of: 105).isCertain)
  }

  @Test func `a position that was moved back begins anew there`() {
    var stretches = AuditStretches()
    stretches.add(position: 100, decider: "a@1", isCertain: true)
    stretches.add(position: 20, decider: "a@2", isCertain: true)
    #expect(stretches.stretch(of: 10).decider == "a@2")
    #expect(stretches.stretch(of: 50).decider == nil)
  }
}
