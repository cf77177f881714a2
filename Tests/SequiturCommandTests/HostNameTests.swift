import Foundation
import TestBroker
import Testing

@testable import sequitur

extension SequiturCommandTests {
  struct HostNameTests {
    @Test func `one worker of a host has the host's name, and another application's has it too`() throws {
      let (application, other) = (TestBroker.uniqueName("app"), TestBroker.uniqueName("app"))
      defer {
        for name in [application, other] {
          let file = FileManager.default.temporaryDirectory.appending(path: "sequitur-\(name)-orders-1.lock")
          try? FileManager.default.removeItem(at: file)
        }
      }
      #expect(HostName.claim("orders-1", for: application))
      #expect(!HostName.claim("orders-1", for: application))
      #expect(HostName.claim("orders-1", for: other))
    }

    @Test func `the host has a name`() { #expect(!HostName.current.isEmpty) }
  }
}
