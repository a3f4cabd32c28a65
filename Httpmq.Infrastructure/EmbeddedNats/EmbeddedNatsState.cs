namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>What the embedded nats-server is doing.</summary>
public enum EmbeddedNatsState
{
    /// <summary>Not started yet, or stopped for good.</summary>
    Stopped,

    /// <summary>The first start: JetStream may be restoring its streams.</summary>
    Starting,

    /// <summary>Clients can connect and JetStream answered.</summary>
    Running,

    /// <summary>It died or hung and is being started anew; <see cref="EmbeddedNatsServer.LastFailure"/> says why.</summary>
    Restarting,
}
