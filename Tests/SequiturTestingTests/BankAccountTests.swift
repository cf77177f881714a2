import SequiturTesting
import Testing

@testable import BankAccount

@Suite struct BankAccountTests {
  let bank = TestDriver(BankAccount())

  @Test func `an account is opened, used and closed`() throws {
    try bank.send("open", payload: #"{"owner":"Ann"}"#, key: "1")
    try bank.send("deposit", payload: #"{"amount":50}"#, key: "1")
    #expect(try bank.send("withdraw", payload: #"{"amount":50}"#, key: "1").types == ["withdrawn"])
    #expect(try bank.send("close", key: "1").types == ["closed"])
    #expect(try bank.state(of: "1") == nil)
    #expect(bank.events(of: "1").map(\.version) == [1, 2, 3, 4])
    #expect(try bank.send("open", payload: #"{"owner":"Bob"}"#, key: "1").events.map(\.version) == [1])
  }

  @Test func `an overdraft is refused, also after a crash`() throws {
    try bank.send("open", payload: #"{"owner":"Ann"}"#, key: "1")
    try bank.send("deposit", payload: #"{"amount":50}"#, key: "1")
    try bank.crash()
    #expect(try bank.send("withdraw", payload: #"{"amount":51}"#, key: "1").code == "x-overdraft")
    #expect(try bank.state(of: "1")?.balance == 50)
    #expect(bank.version(of: "1") == 2)
  }

  @Test func `what makes no sense is rejected`() throws {
    #expect(try bank.send("deposit", payload: #"{"amount":1}"#, key: "1").code == "not-found")
    try bank.send("open", payload: #"{"owner":"Ann"}"#, key: "1")
    #expect(try bank.send("deposit", payload: #"{"amount":-1}"#, key: "1").code == "invalid-field")
    #expect(try bank.send("deposit", payload: #"{"amount":"1"}"#, key: "1").code == "invalid-field")
    #expect(try bank.send("rob", key: "1").code == "unknown-command")
  }
}
