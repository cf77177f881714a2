import SequiturTesting
import Testing

@testable import BankAccount

@Test func `an account takes deposits and refuses an overdraft`() throws {
  let bank = TestDriver(BankAccount())
  try bank.send("open", payload: #"{"owner":"Ann"}"#, key: "1")
  try bank.send("deposit", payload: #"{"amount":50}"#, key: "1", id: "d1")
  #expect(try bank.send("deposit", payload: #"{"amount":50}"#, key: "1", id: "d1").code == "duplicate")
  #expect(try bank.send("withdraw", payload: #"{"amount":80}"#, key: "1").code == "x-overdraft")
  #expect(try bank.send("deposit", payload: #"{"amount":-1}"#, key: "1").code == "invalid-field")
  #expect(try bank.state(of: "1")?.balance == 50)
  #expect(bank.version(of: "1") == 2)
}

@Test func `an account survives a crash, and is forgotten when it is closed`() throws {
  let bank = TestDriver(BankAccount())
  try bank.send("open", payload: #"{"owner":"Ann"}"#, key: "1")
  try bank.send("deposit", payload: #"{"amount":7}"#, key: "1")
  try bank.crash()
  try bank.send("withdraw", payload: #"{"amount":7}"#, key: "1")
  try bank.send("close", payload: "{}", key: "1")
  #expect(try bank.state(of: "1") == nil)
  #expect(try bank.send("deposit", payload: #"{"amount":1}"#, key: "1").code == "not-found")
}
