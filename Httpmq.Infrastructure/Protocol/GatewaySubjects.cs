namespace Httpmq.Infrastructure.Protocol;

/// <summary>What gateways tell each other where JetStream tells nobody.</summary>
internal static class GatewaySubjects
{
    /// <summary>
    /// A consumer was set to another position: the stream and the consumer follow. JetStream has no advisory of it. Four tokens in all,
    /// which no stream can take by accident: one of any four would take JetStream's own API as well, and is refused.
    /// </summary>
    public const string ConsumerReset = "_HTTPMQ.RESET.";
}
