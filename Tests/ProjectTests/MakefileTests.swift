import Testing

struct MakefileTests {
  /// SwiftPM compiles for minutes when it is asked for other products than before.
  @Test func `all targets build the release in one way`() throws {
    let lines = try ProjectFile.read("Makefile").text.split(separator: "\n")
    let builds = lines.filter { $0.contains("build -c release") || $0.contains("--product") }
    #expect(builds == ["RELEASE := $(SWIFT) build -c release"])
    let uses = lines.filter { $0 == "\t$(RELEASE)" }
    #expect(uses.count == 12)
  }

  @Test func `no other command builds into the release's place`() throws {
    let lines = try ProjectFile.read("Makefile").text.split(separator: "\n")
    let plugins = lines.filter { $0.contains("$(SWIFT) package") && $0.contains(" benchmark") }
    #expect(!plugins.isEmpty && plugins.allSatisfy { $0.contains("--scratch-path") })
  }
}
