using NATS.Client.Core;

namespace Httpmq.Infrastructure.Connection;

/// <summary>A connection cannot be made, and why, in one clause for people that holds no secret.</summary>
internal sealed class ConnectRefusedException(string reason, Exception? inner = null) : NatsException(reason, inner!);
