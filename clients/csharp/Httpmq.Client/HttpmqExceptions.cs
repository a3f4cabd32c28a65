namespace Httpmq.Client;

/// <summary>The gateway answered with a failure.</summary>
public partial class HttpmqException
{
    /// <summary>What the gateway said: code, message, detail. Null when somebody else answered, such as a proxy.</summary>
    public Error? Error => (this as HttpmqException<FailureAnswer>)?.Result.Error;
}

/// <summary>A subscription ended from the other side. Unless its consumer is gone, subscribing again goes on where it ended.</summary>
public sealed class HttpmqSubscriptionEndedException : Exception
{
    /// <summary>The gateway said why.</summary>
    public HttpmqSubscriptionEndedException(Error error)
        : base($"{error.Message}: {error.Detail}") => Error = error;

    /// <summary>Nobody said why.</summary>
    public HttpmqSubscriptionEndedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>What the gateway's last line said, such as code 503 "Server stopping" or 404; null when the connection was lost.</summary>
    public Error? Error { get; }
}
