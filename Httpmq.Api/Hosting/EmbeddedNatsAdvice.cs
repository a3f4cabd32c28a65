using Httpmq.Api.Hosting.Configuration;
using Httpmq.Infrastructure.EmbeddedNats;

namespace Httpmq.Api.Hosting;

/// <summary>
/// What to tell the person at the terminal when the embedded nats-server cannot be started: what is wrong, and the setting that helps.
/// </summary>
internal static class EmbeddedNatsAdvice
{
    private const string Executable = "embedded_nats.executable";
    private const string Port = "embedded_nats.port";
    private const string Sync = "embedded_nats.sync";
    private const string AnotherFolder = $"with --data-folder or {Declaration.DataFolder}.";

    public static string Describe(EmbeddedNatsException failure) => failure.Problem switch
    {
        EmbeddedNatsProblem.Platform => $"{failure.Message} Run a nats-server yourself and set {Catalogue.NatsServerUri}.",
        EmbeddedNatsProblem.ExecutableMissing =>
            $"{failure.Message} Install it (Debian and Ubuntu: apt-get install nats-server; macOS: brew install nats-server), "
            + $"name another with {Executable}, or set {Catalogue.NatsServerUri} to a running server with JetStream.",
        EmbeddedNatsProblem.Executable => $"{Executable}: {failure.Message}",
        EmbeddedNatsProblem.Sync => $"{Sync}: {failure.Message} Name a newer one with {Executable}, or leave {Sync} out.",
        EmbeddedNatsProblem.DataFolder => $"{failure.Message} Make it writable, or choose another one {AnotherFolder}",
        EmbeddedNatsProblem.DataFolderInUse => $"{failure.Message} Stop that one, or choose another folder {AnotherFolder}",
        EmbeddedNatsProblem.Port =>
            $"{Port}: {failure.Message} Stop that program, or set {Port} (environment: {Catalogue.VariableOf(Port)}) to a free one.",
        EmbeddedNatsProblem.StoreTooNew => $"{failure.Message} {Executable} names the program, {Declaration.DataFolder} the folder.",
        _ => failure.Message,
    };
}
