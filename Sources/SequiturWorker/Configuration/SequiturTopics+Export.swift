// A worker's configuration names the application's topics: who imports this module has the words for it.
@_exported import SequiturTopics
