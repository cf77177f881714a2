import Testing

struct ReadmeTests {
  private static let isThere = ProjectFile.exists("README.md")

  @Test(.enabled(if: isThere, "there is no README.md"))
  func `every make target that the README names exists`() throws {
    let named = ReadmeCommands.makeTargets(inReadme: try ProjectFile.read("README.md").text)
    let known = ReadmeCommands.targets(ofMakefile: try ProjectFile.read("Makefile").text)
    #expect(named.subtracting(known) == [])
  }

  @Test(.enabled(if: isThere, "there is no README.md"))
  func `every subcommand and flag that the README names exists`() throws {
    let uses = ReadmeCommands.uses(inReadme: try ProjectFile.read("README.md").text)
    let sources = try ["sequitur", "SequiturSettings"].flatMap { try ProjectFile.swift(in: "Sources/\($0)") }
      .map(\.text).joined(separator: "\n")
    #expect(ReadmeCommands.faults(of: uses, sources: sources) == [])
  }

  @Test func `the targets that everything starts from exist`() throws {
    let known = ReadmeCommands.targets(ofMakefile: try ProjectFile.read("Makefile").text)
    #expect(known.isSuperset(of: ["help", "setup", "build", "demo", "test", "format", "clean"]))
  }

  @Test func `make targets are found in blocks and spans, not in prose`() {
    let readme = "We make sure.\nType `make demo`.\n```sh\nmake test ARGS=x  # or make nothing\n```\n"
    #expect(ReadmeCommands.makeTargets(inReadme: readme) == ["demo", "test"])
    #expect(ReadmeCommands.targets(ofMakefile: "demo: setup\nA := b\nx-y:\n\techo a:\n") == ["demo", "x-y"])
  }

  @Test func `uses of the executable are found with their flags`() {
    let readme = """
      ```sh
      zcat a.gz | .build/release/sequitur submit - --wait | jq
      sequitur topics create \\
        --partitions 4 --kafka a=b
      ```
      The `Sequitur` library; `sequitur worker`; import sequitur later.
      """
    #expect(
      ReadmeCommands.uses(inReadme: readme) == [
        .init(subcommand: "submit", flags: ["wait"]),
        .init(subcommand: "topics", flags: ["partitions", "kafka"]),
        .init(subcommand: "worker", flags: []),
      ])
  }

  @Test func `a subcommand or flag that is not there is reported`() {
    let sources =
      #"struct Submit: AsyncParsableCommand { @Flag var untilCaughtUp = false; .customLong("kafka") }"#
    let good = ReadmeCommands.Use(subcommand: "submit", flags: ["until-caught-up", "kafka", "help"])
    #expect(ReadmeCommands.faults(of: [good], sources: sources) == [])
    let bad = ReadmeCommands.Use(subcommand: "publish", flags: ["fast"])
    #expect(
      ReadmeCommands.faults(of: [bad], sources: sources)
        == ["there is no 'sequitur publish'", "'sequitur publish' has no --fast"])
  }
}
