import TerminalView
import Testing

@testable import SequiturDemo

struct DemoViewTests {
  private var snapshot: DemoSnapshot {
    var snapshot = DemoSnapshot()
    snapshot.phase = .processing
    snapshot.broker = "embedded broker 127.0.0.1:9092"
    snapshot.elapsed = .milliseconds(6240)
    snapshot.total = 50_000
    snapshot.accepted = 20_000
    snapshot.rejected = ["duplicate": 3000, "malformed": 1500, "invalid-transition": 500]
    snapshot.transactions = 312
    snapshot.commitDurations = (1...100).map { .milliseconds($0) }
    snapshot.rates = [0, 4000, 8000]
    snapshot.lags = [0: 1200, 1: 0]
    return snapshot
  }

  @Test func `a frame shows everything within 80 columns`() {
    let lines = DemoFrame(snapshot, columns: 80).lines.map(\.plain)
    #expect(
      lines == [
        "Sequitur demo · embedded broker 127.0.0.1:9092",
        "processing  ━━━━━━━━━━━━━━━━━━━─────────────────── 25,000 of 50,000  50 %  6.2 s",
        "",
        "  throughput             8,000/s  ▁▅█",
        "  accepted                20,000  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
        "  rejected                 5,000  ━━━━━━━━━",
        "    duplicate              3,000  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
        "    malformed              1,500  ━━━━━━━━━━━━━━━",
        "    invalid-transition       500  ━━━━━",
        "  commit                p50 51.0 ms · p99 100.0 ms · 312 transactions",
        "  lag                      1,200  0: 1,200  1: 0  ",
      ])
  }

  @Test(arguments: [1, 10, 20, 40, 79, 80, 120, 300])
  func `no line is wider than the terminal`(columns: Int) {
    for phase in [DemoSnapshot.Phase.joining, .restoring, .processing, .stopping, .done] {
      var snapshot = snapshot
      snapshot.phase = phase
      snapshot.lags = Dictionary(uniqueKeysWithValues: (0..<64).map { ($0, 1_000_000) })
      snapshot.restoring = [3: 12_345]
      snapshot.rates = (0..<500).map { Double($0) }
      for line in DemoFrame(snapshot, columns: columns).lines {
        #expect(line.width <= columns)
        #expect(line.width == line.plain.count)
      }
    }
  }

  @Test func `a restore is shown while there is something to restore`() {
    var snapshot = snapshot
    snapshot.phase = .restoring
    snapshot.restoring = [0: 0, 2: 1234]
    let lines = DemoFrame(snapshot, columns: 80).lines.map(\.plain)
    #expect(lines.last == "  to restore               1,234  2: 1,234  ")
    #expect(lines[1].hasPrefix("restoring the state…"))
  }

  @Test func `without a terminal a line says the same`() {
    #expect(
      DemoFrame.line(snapshot)
        == " 6.2 s  processing  25,000 of 50,000  8,000/s  accepted 20,000  rejected 5,000  "
        + "commit p50 51.0 ms p99 100.0 ms  lag 1,200")
    #expect(
      DemoFrame.line(DemoSnapshot()) == " 0.0 s  starting the worker…  0 of 0  lag 0")
  }

  @Test func `nothing yet is drawn without a trap`() {
    #expect(DemoFrame(DemoSnapshot(), columns: 80).lines.count == 8)
  }
}
