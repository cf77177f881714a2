import Dispatch
import Foundation
import Synchronization

/// Runs each target in a process of its own, and watches it: a trap ends that process, and not the run.
struct FuzzRun {
  /// An input that takes more time of a processor is a finding: on a busy machine its process may not run for as long.
  private static let inputSecondsMax = 10.0
  /// And one that uses no processor and does not end.
  private static let inputTimeMax = Duration.seconds(120)
  /// Memory of a target's process, in kB, above which it is a finding.
  private static let memoryMax = 2 << 20

  private struct Result: Sendable {
    let inputs: UInt64
    let seconds: Double
    /// What was found; nil: nothing.
    let finding: String?
  }

  let targets: [FuzzTarget]
  let plan: FuzzPlan
  let jobs: Int

  /// - Returns: whether every input got its answer.
  func run() throws -> Bool {
    print("target".padded(14) + "inputs".padded(14) + "seconds".padded(10) + "inputs/s")
    let next = Mutex(0)
    let isClean = Mutex(true)
    DispatchQueue.concurrentPerform(iterations: min(jobs, targets.count)) { _ in
      while true {
        let index = next.withLock { next in
          defer { next += 1 }
          return next
        }
        guard index < targets.count else { return }
        let target = targets[index]
        let result = run(target)
        let rate = UInt64(Double(result.inputs) / max(0.001, result.seconds))
        var line =
          target.name.padded(14) + "\(result.inputs)".padded(14)
          + String(format: "%.1f", result.seconds).padded(10) + "\(rate)"
        if let finding = result.finding {
          isClean.withLock { $0 = false }
          line += "\nFOUND in \(target.name): \(finding)"
        }
        print(line)
        fflush(nil)
      }
    }
    return isClean.withLock { $0 }
  }

  private func run(_ target: FuzzTarget) -> Result {
    let progress = FileManager.default.temporaryDirectory.appending(
      path: "sequitur-fuzz-\(getpid())-\(target.name)")
    defer { try? FileManager.default.removeItem(at: progress) }
    let start = ContinuousClock.now
    do {
      try Data(count: 8).write(to: progress)
      let child = Process()
      child.executableURL = URL(filePath: CommandLine.arguments[0])
      child.arguments =
        [
          target.name, "--seed", "\(plan.seed)", "--from", "\(plan.from)", "--count", "\(plan.count)",
          "--progress",
          progress.path,
        ] + (plan.time.map { ["--seconds", "\($0 / .seconds(1))"] } ?? [])
      let output = Pipe()
      child.standardOutput = output
      try child.run()
      let stopped = watch(child, progress)
      child.waitUntilExit()
      let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      let number = Self.number(progress)
      let isWhole = number == .max
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      if child.terminationReason == .exit, child.terminationStatus == 0, stopped == nil, isWhole {
        return Result(inputs: Self.count(said), seconds: seconds, finding: nil)
      }
      let why =
        stopped
        ?? (child.terminationReason == .uncaughtSignal
          ? "its process ended by signal \(child.terminationStatus) at input \(number)"
          : said.isEmpty ? "its process ended with \(child.terminationStatus) at input \(number)" : said)
      return Result(inputs: number - plan.from, seconds: seconds, finding: "\(why)\n\(again(target, number))")
    } catch {
      return Result(inputs: 0, seconds: 0, finding: "it cannot be run: \(error)")
    }
  }

  /// The line that has the finding again, and the one that shows the input.
  private func again(_ target: FuzzTarget, _ number: UInt64) -> String {
    let block = number / FuzzTarget.inputsPerReader * FuzzTarget.inputsPerReader
    let common = "sequitur-fuzz \(target.name) --seed \(plan.seed)"
    return "again: \(common) --from \(block) --count \(number - block + 1)\n"
      + "shown: \(common) --from \(number) --count 1 --show"
  }

  /// Waits for the child's end, and ends it when it does not go on.
  ///
  /// - Returns: why it was ended; nil when it ended by itself.
  private func watch(_ child: Process, _ progress: URL) -> String? {
    var last = (number: Self.number(progress), at: ContinuousClock.now, used: 0.0)
    while child.isRunning {
      usleep(50_000)
      let number = Self.number(progress)
      if number != last.number {
        last = (number, .now, Self.secondsUsed(child.processIdentifier) ?? 0)
      } else if (Self.secondsUsed(child.processIdentifier) ?? 0) - last.used > Self.inputSecondsMax
        || ContinuousClock.now - last.at > Self.inputTimeMax
      {
        kill(child.processIdentifier, SIGKILL)
        return "input \(number) takes longer than \(Int(Self.inputSecondsMax)) seconds"
      }
      if let memory = Self.memory(child.processIdentifier), memory > Self.memoryMax {
        kill(child.processIdentifier, SIGKILL)
        return "its process has \(memory >> 10) MB of memory at input \(number)"
      }
    }
    return nil
  }

  private static func number(_ progress: URL) -> UInt64 {
    guard let bytes = try? Data(contentsOf: progress), bytes.count == 8 else { return 0 }
    return bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
  }

  /// Of a processor (proc(5): the fields utime and stime, in ticks); nil once the process has ended.
  private static func secondsUsed(_ process: Int32) -> Double? {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let fields = text.split(separator: ")").last?.split(separator: " "), fields.count > 12,
      let user = Double(fields[11]), let system = Double(fields[12])
    else { return nil }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// In kB; nil once the process has ended.
  private static func memory(_ process: Int32) -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") })
    else { return nil }
    return Int(line.dropFirst(6).split(separator: " ").first?.trimmingCharacters(in: .whitespaces) ?? "")
  }

  /// What the child counted: `inputs 12345`.
  private static func count(_ said: String) -> UInt64 {
    said.split(separator: "\n").last.flatMap { UInt64($0.dropFirst("inputs ".count)) } ?? 0
  }
}

extension String {
  fileprivate func padded(_ width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
