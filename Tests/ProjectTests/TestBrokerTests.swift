import Foundation
import TestBroker
import Testing

struct TestBrokerTests {
  @Test(.enabled(if: TestBroker.isAvailable))
  func `every test gets the same broker, and a client that is not ours reaches it`() async throws {
    let bootstrap = try TestBroker.bootstrap()
    #expect(try TestBroker.bootstrap() == bootstrap)
    let result = try await RunningProgram.run(
      "kcat", arguments: ["-b", bootstrap, "-L"], timeout: .seconds(60))
    #expect(result.exit == .code(0))
    #expect(TestBroker.isOutside || result.standardOutput.contains("at \(bootstrap)"))
  }

  @Test(.enabled(if: TestBroker.isAvailable && !TestBroker.isOutside))
  func `a broker of one's own is another one, and is gone when it is killed`() throws {
    let own = try BrokerProcess.start()
    #expect(own.bootstrap != (try TestBroker.bootstrap()))
    #expect(FreePort.answers(own.port))
    own.kill()
    #expect(!FreePort.answers(own.port))
  }

  @Test(.enabled(if: PackageRoot.python != nil))
  func `the Python client is the pinned one`() async throws {
    let python = try #require(PackageRoot.python)
    let script = "import confluent_kafka; print(confluent_kafka.version())"
    let result = try await RunningProgram.run(python.path, arguments: ["-c", script], timeout: .seconds(60))
    #expect(result.exit == .code(0), "\(result.standardError)")
    let setup = try ProjectFile.read("scripts/setup").text
    let version = result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(setup.contains("client_version=\(version)"))
  }

  @Test func `unique names keep their prefix and do not repeat`() {
    let names = (0..<1000).map { _ in TestBroker.uniqueName("commands") }
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { $0.firstMatch(of: /^commands-[a-z0-9]+$/) != nil })
  }
}
