using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "this-machine", network = (allow = ["local"])),
  ],
);

const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  globalOutbound = "this-machine",
  bindings = [
    (name = "baseUrl", fromEnvironment = "KEYSMITH_ENDPOINT"),
    (name = "token", fromEnvironment = "KEYSMITH_TOKEN"),
    (name = "closedUrl", fromEnvironment = "CLOSED_URL"),
  ],
);
