import Foundation
import RegularFiles
import Testing

struct FilePlaceTests {
  @Test(arguments: [
    ("s", "", "s"), ("state", "", "state"), ("./s", "", "s"), ("s/", "", "s"), ("a/s", "/a", "s"),
  ])
  func `a relative path counts from the process's directory, also one of a letter`(
    path: String, below: String, name: String
  ) {
    #expect(FilePlace.directory(of: path) == FileManager.default.currentDirectoryPath + below)
    #expect(FilePlace.name(of: path) == name)
  }

  @Test(arguments: [("/s", "/", "s"), ("/", "/", "/"), ("/a/b c", "/a", "b c"), ("/a/ü", "/a", "ü")])
  func `an absolute path has its directory and its name`(path: String, directory: String, name: String) {
    #expect(FilePlace.directory(of: path) == directory)
    #expect(FilePlace.name(of: path) == name)
  }
}
