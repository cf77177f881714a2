import Foundation
import Testing

@testable import SequiturWorker

/// An operator who looks at a busy or stuck worker with `top -H` sees which part of it that is.
@Suite struct ThreadNameTests {
  @Test func `a lane's thread has its name in the system's eyes`() async {
    let lane = NamedLane()
    let name = await lane.threadName()
    #expect(name == "lane-7")
    await lane.executor.stop()
  }

  private static func systemName() -> String {
    let name = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
    return name?.trimmingCharacters(in: .newlines) ?? ""
  }

  private actor NamedLane {
    nonisolated let executor = LaneExecutor(name: "lane-7")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    func threadName() -> String { ThreadNameTests.systemName() }
  }
}
