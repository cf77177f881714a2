import Sequitur
import Testing

@testable import SequiturWorker

struct AllowedChangeTests {
  private func report(_ changes: [(String, String, Int)]) -> RehearsalReport {
    var report = RehearsalReport()
    for (from, to, count) in changes {
      for index in 0..<count {
        report.add(from: from, to: to, samplesMax: 2) {
          RehearsalReport.Sample(key: "k", position: "commands/0/\(index)", reason: "so")
        }
      }
    }
    report.sort()
    return report
  }

  @Test(arguments: [
    ("valid: paid", "valid: paid", true), ("valid: paid", "valid: *", true), ("valid: paid", "*", true),
    ("valid: paid", "valid: paid2", false), ("valid: paid", "*: p*d", true), ("valid: paid", "*x*", false),
    ("valid: paid", "valid: paid*", true), ("ab", "ab*b", false), ("aXbXc", "a*b*c", true), ("", "*", true),
    ("abc", "*b*b*", false), ("", "", true),
  ])
  func `a pattern fits the texts that it should`(text: String, pattern: String, fits: Bool) {
    #expect(AllowedChange.matches(text[...], pattern[...]) == fits)
  }

  @Test func `the first entry that matches decides, by its count`() {
    let report = report([("valid: a", "invalid: x", 3), ("valid: b", "invalid: x", 1)])
    let beyond = { (allowed: [AllowedChange]) in report.changes(beyond: allowed).map(\.from) }
    #expect(beyond([]) == ["valid: a", "valid: b"])
    #expect(beyond([AllowedChange(from: "valid: a", to: "*")]) == ["valid: b"])
    #expect(beyond([AllowedChange(from: "valid: a", to: "*", countMax: 3)]) == ["valid: b"])
    #expect(
      beyond([AllowedChange(from: "valid: a", to: "*", countMax: 2), AllowedChange(from: "*", to: "*")])
        == ["valid: a"])
  }

  @Test func `changes are counted by kind, the most frequent first, with so many samples`() {
    let report = report([("b", "x", 1), ("a", "x", 1), ("c", "x", 5)])
    #expect(report.changes.map(\.from) == ["c", "a", "b"])
    #expect(report.changes.map(\.count) == [5, 1, 1])
    #expect(report.changes.map(\.samples.count) == [2, 1, 1])
    #expect(report.differences == 7)
  }

  @Test func `kinds beyond the limit are counted together`() {
    var report = RehearsalReport()
    for index in 0..<(RehearsalReport.changesMax + 50) {
      report.add(from: "\(index)", to: "x", samplesMax: 0) {
        RehearsalReport.Sample(key: "", position: "", reason: "")
      }
    }
    #expect(report.changes.count == RehearsalReport.changesMax)
    #expect(report.changes.last.map { ($0.from, $0.count) } ?? ("", 0) == ("other", 51))
    #expect(report.differences == RehearsalReport.changesMax + 50)
  }
}
