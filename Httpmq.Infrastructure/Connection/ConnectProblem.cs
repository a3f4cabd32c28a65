using NATS.Client.Core;

namespace Httpmq.Infrastructure.Connection;

/// <summary>
/// Why a connection is not made. The client library tells it in several places, and not everywhere: while it connects again it says
/// nothing but the address.
/// </summary>
internal sealed class ConnectProblem(NatsOptions options)
{
    private volatile string? _reason;
    private volatile string? _problem;

    /// <summary>What has to be changed before it can be made, one clause for people; null: nothing is known.</summary>
    public string? Current => _problem;

    /// <summary>An attempt begins: what was said of an earlier one is no reason any more.</summary>
    public void Begin() => _reason = null;

    public void Connected() => _reason = _problem = null;

    /// <summary>It was not made, which may be over in a moment.</summary>
    public void Failed(string reason) => _reason = reason;

    /// <summary>It cannot be made as things are.</summary>
    public void Refused(string reason) => _reason = _problem = reason;

    /// <summary>The server said an error, and will close the connection.</summary>
    public void Said(string error)
    {
        var isLogin = new NatsServerException(error).IsAuthError || error.Contains("uthoriz", StringComparison.Ordinal)
            || error.Contains("uthentic", StringComparison.Ordinal);
        Refused(!isLogin ? $"nats-server refuses the connection ({error})"
            : HasLogin ? $"nats-server refuses the gateway's login ({error}); correct {LoginName}"
            : $"nats-server demands a login ({error}); set {options.LoginSettingName}");
    }

    /// <summary>Why the attempt failed that is over now.</summary>
    /// <param name="exception">What it failed with.</param>
    public string ReasonOf(Exception exception)
    {
        var cause = exception.GetBaseException();
        if (_reason is null && cause is NatsServerException { Error: var error })
        {
            Said(error);
        }

        return ReasonOr(cause.Message);
    }

    /// <inheritdoc cref="ReasonOf"/>
    /// <param name="fallback">What else is known of it.</param>
    public string ReasonOr(string fallback)
    {
        if (_reason is null && options.Tls.CertFile is not null)
        {
            // In TLS 1.3 a client is done with the handshake before the server has checked its certificate.
            Refused($"the connection ended behind the TLS handshake ({fallback}); "
                + $"the server may not trust {options.Tls.SettingName}.cert_file");
        }

        return _reason ?? fallback;
    }

    private bool HasLogin => options.Login is not null || options.Url.Contains('@', StringComparison.Ordinal);

    private string LoginName => options.Login?.SettingName ?? "the login in the server's URI";
}
