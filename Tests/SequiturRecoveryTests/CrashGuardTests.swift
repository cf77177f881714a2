import Foundation
import Logging
import Synchronization
import Testing

@testable import SequiturWorker

extension StateTests {
  @Test func `a command that ends the process three times is rejected, and the others are not`() async throws
  {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.send([("a", "one"), ("b", "trap"), ("a", "two"), ("b", "one")])
    // The damage: a crash loop. Each start ends by the trap, whatever was restored.
    for attempt in 1...3 {
      let result = try await bench.startWorker("--until-caught-up").waitForExit(timeout: .seconds(60))
      #expect(result.exit != .code(0), "start \(attempt): \(result.output.standardError)")
    }
    let result = try await bench.startWorker("--until-caught-up").waitForExit(timeout: .seconds(60))
    #expect(result.exit == .code(0), "\(result.output.standardError)")
    let invalid = try bench.records(of: bench.topics.invalid)
    #expect(invalid.map { $0.header("rejection-code") } == ["decider-error"])
    #expect(invalid.map(\.key) == ["b"])
    #expect(try bench.stored() == ["a": "2 two", "b": "1 one"])
    #expect(try bench.stored() == bench.fold())
  }

  @Test func `the log names the command at which the worker ended by topic, key and type`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.send([("a", "one"), ("evil\nkey é\u{1B}[2J\u{202E}", "trap")])
    _ = try await bench.startWorker("--until-caught-up").waitForExit(timeout: .seconds(60))
    let result = try await bench.startWorker("--until-caught-up").waitForExit(timeout: .seconds(60))
    let told = result.output.standardError.split(separator: "\n").filter {
      $0.contains("the worker ended while it executed a command")
    }
    #expect(told.count == 1, "\(result.output.standardError)")
    for part in [
      bench.topics.commands, #"evil\nkey é\u{1B}[2J\u{202E}"#, "type=none", "offset=1", "attempt=1",
    ] {
      #expect(told.first?.contains(part) == true, "\(part): \(told)")
    }
  }

  @Test func `without the guard the process ends each time`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.send([("b", "trap")])
    for _ in 1...4 {
      let result = try await bench.startWorker("--until-caught-up", "--no-crash-guard")
        .waitForExit(timeout: .seconds(60))
      #expect(result.exit != .code(0))
    }
    #expect(try bench.records(of: bench.topics.invalid).isEmpty)
  }
}

final class CrashGuardTests {
  private let directory = try! TemporaryDirectory()
  private let suspects = Mutex<[CrashGuard.Suspect]>([])

  private func open() throws -> CrashGuard {
    try CrashGuard(directory: directory.path, partitions: 2, logger: LogRecorder().logger) { told in
      suspects.withLock { $0 = told }
    }
  }

  @Test func `three crashes at the same command make it rejected`() throws {
    for attempt in 1...3 {
      let crashGuard = try open()
      #expect(crashGuard.poisoned(1, from: 7) == nil, "attempt \(attempt)")
      let crashes = Int64(attempt - 1)
      #expect(
        suspects.withLock { $0 }
          == (crashes == 0 ? [] : [CrashGuard.Suspect(partition: 1, offset: 9, attempts: crashes)]))
      crashGuard.slot(of: 1).begin(9)
    }
    #expect(try open().poisoned(1, from: 7) == 9)
    #expect(try open().poisoned(0, from: 0) == nil)
    // Behind it, it is forgotten.
    #expect(try open().poisoned(1, from: 10) == nil)
    #expect(try open().poisoned(1, from: 7) == nil)
  }

  @Test func `crashes at different commands, and ends between commands, suspect nobody`() throws {
    for offset in [9, 10, 9, 10, 9, 10] as [Int64] { try open().slot(of: 0).begin(offset) }
    #expect(try open().poisoned(0, from: 0) == nil)
    for _ in 1...5 {
      let slot = try open().slot(of: 1)
      slot.begin(3)
      slot.end()
    }
    #expect(try open().poisoned(1, from: 0) == nil)
  }

  @Test func `a file that is no such file is begun anew`() throws {
    try Data(repeating: 0xab, count: 5000).write(to: URL(filePath: directory.path + "/attempts"))
    #expect(try open().poisoned(0, from: 0) == nil)
  }
}
