import Testing

@testable import Sequitur

/// What tells deciders, and the forms of their states, apart.
struct DeciderFingerprintTests {
  @Test func `a fingerprint is read back from its text`() throws {
    for fingerprint in [
      DeciderFingerprint(name: "order", version: 1, definition: "a"),
      DeciderFingerprint(name: "Bank", version: 65_535),
      DeciderFingerprint(name: "a@b/c", version: 2, definition: ""),
      DeciderFingerprint(name: "é", version: 9),
    ] {
      #expect(DeciderFingerprint("\(fingerprint)") == fingerprint)
    }
    #expect("\(DeciderFingerprint(name: "Bank", version: 3))" == "Bank@3")
    let digest = "\(DeciderFingerprint(name: "order", version: 1, definition: "a"))"
    #expect(digest.hasPrefix("order@1/") && digest.utf8.count == 40)
  }

  @Test(arguments: [
    "", "@1", "order", "order@", "order@0", "order@01", "order@+1", "order@65536", "order@1/", "order@1/abc",
    "order@1/ABCDEF00112233445566778899aabbcc", "order@1/0011223344556677889900112233445566", "order@-1",
  ])
  func `what is no fingerprint is none`(text: String) {
    #expect(DeciderFingerprint(text) == nil)
  }

  @Test func `names are cut, and hold nothing that acts on a terminal`() {
    #expect(DeciderFingerprint(name: "", version: 1).name == "decider")
    #expect(DeciderFingerprint(name: "a\nb\u{1b}", version: 1).name == "a_b_")
    let long = DeciderFingerprint(name: String(repeating: "é", count: 100), version: 1)
    #expect(long.name.utf8.count == 128)
  }

  @Test func `forms are kept in their order, each once, and read back`() throws {
    var forms = StateForms()
    forms.add(StateForms.Form(version: 1, text: "state open\nfield a string"))
    forms.add(StateForms.Form(version: 2, text: "state open"))
    forms.add(StateForms.Form(version: 1, text: "state open\nfield a string"))
    #expect(forms.forms.map(\.version) == [2, 1])
    #expect(forms.text == "version 2\n state open\nversion 1\n state open\n field a string\n")
    #expect(StateForms(forms.text) == forms)
    #expect(StateForms("") == StateForms())
  }

  @Test(arguments: ["version", "version 0", " state open", "state open", "version 1\nx", "version 1a"])
  func `what is no list of forms is none`(text: String) { #expect(StateForms(text) == nil) }

  @Test func `the oldest forms are forgotten beyond the limits`() {
    var forms = StateForms()
    for version in 1...20 { forms.add(StateForms.Form(version: version, text: "state s\(version)")) }
    #expect(forms.forms.map(\.version) == Array(5...20))
    let large = String(repeating: "x", count: 5000)
    forms.add(StateForms.Form(version: 21, text: large))
    forms.add(StateForms.Form(version: 22, text: large))
    #expect(forms.forms.map(\.version) == [22])
    // One that no checkpoint could hold is not known to be there.
    forms.add(StateForms.Form(version: 23, text: String(repeating: "x", count: 9000)))
    #expect(forms.forms.map(\.version) == [22])
    #expect(StateForms(forms.text) == forms)
  }
}
