import BlockingThreads
import Foundation
import Synchronization
import Testing

struct BlockingThreadTests {
  /// An operator who looks at a busy or stuck worker with `top -H` sees which part of it that is.
  @Test func `a thread has its name in the system's eyes, as far as it fits`() async {
    let seen = Mutex("")
    let thread = BlockingThread(name: "restore-of-many-partitions") {
      let name = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
      seen.withLock { $0 = name?.trimmingCharacters(in: .newlines) ?? "" }
    }
    await thread.join()
    #expect(seen.withLock { $0 } == "restore-of-many")
  }

  @Test func `a call on a thread of its own gives back what it returns or throws`() async throws {
    struct Refused: Error {}
    #expect(await withBlockingThread("call") { 7 } == 7)
    #expect(try await withBlockingThread("call", throwing: { () throws -> Int in 8 }) == 8)
    await #expect(throws: Refused.self) {
      try await withBlockingThread("call", throwing: { () throws -> Int in throw Refused() })
    }
  }
}

struct OneTimeEventTests {
  @Test func `all who wait go on when it happens, and nobody waits afterwards`() async {
    let event = OneTimeEvent()
    #expect(!event.isSignalled)
    await withTaskGroup { group in
      for _ in 0..<10 { group.addTask { await event.wait() } }
      for _ in 0..<10 { group.addTask { _ = await event.wait(atMost: .seconds(3600)) } }
      event.signal()
      await group.waitForAll()
    }
    event.signal()
    await event.wait()
    #expect(event.isSignalled)
    #expect(await event.wait(atMost: .zero))
  }

  @Test func `a wait that is bounded ends without the event`() async {
    let event = OneTimeEvent()
    #expect(await event.wait(atMost: .milliseconds(5)) == false)
    event.signal()
    #expect(await event.wait(atMost: .milliseconds(5)))
  }
}
