using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Httpmq.Api.Access;

/// <summary>One issuer of tokens, and the keys that sign them: those of a file, or those that an OIDC authority serves.</summary>
internal sealed class TokenIssuer
{
    /// <summary>How much the clocks of issuer and gateway may differ.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    private const long LargestDocument = 1024 * 1024;

    private static readonly TimeSpan AuthorityLimit = TimeSpan.FromSeconds(3);

    // Whoever sends tokens of an authority that is away must not keep the gateway asking.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ConfigurationManager<OpenIdConnectConfiguration>? _authority;
    private readonly Lock _gate = new();
    private Task<bool>? _asking;
    private long _awayUntil;

    public TokenIssuer(TokenSettings settings)
    {
        Settings = settings;
        Parameters = new TokenValidationParameters
        {
            ValidIssuer = settings.Issuer,
            ValidAudience = settings.Audience,
            ValidAlgorithms = TokenSettings.Algorithms,
            ClockSkew = ClockSkew,
        };
        if (settings.KeysJson is not null)
        {
            Parameters.IssuerSigningKeys = TokenSettings.ReadKeys(settings.KeysJson);
            return;
        }

        // Fetched at the first token, kept, and fetched anew when a token names an unknown key.
        var http = new HttpClient { Timeout = AuthorityLimit, MaxResponseContentBufferSize = LargestDocument };
        _authority = new ConfigurationManager<OpenIdConnectConfiguration>(
            $"{settings.Issuer.TrimEnd('/')}/.well-known/openid-configuration",
            new OpenIdConnectConfigurationRetriever(),
            new HttpDocumentRetriever(http) { RequireHttps = !new Uri(settings.Issuer).IsLoopback });
        Parameters.ConfigurationManager = _authority;
    }

    public TokenSettings Settings { get; }

    public TokenValidationParameters Parameters { get; }

    /// <summary>Whether its keys are known; asks for them where they are not.</summary>
    public ValueTask<bool> HasKeysAsync(TimeProvider time)
    {
        if (_authority is null)
        {
            return new(true);
        }

        lock (_gate)
        {
            if (time.GetUtcNow().UtcTicks < Interlocked.Read(ref _awayUntil))
            {
                return new(false);
            }

            // All wait for one answer: one after the other they would wait for the time limit of each.
            return new(_asking is { IsCompleted: false } ? _asking : _asking = AskAsync(_authority, time));
        }
    }

    private async Task<bool> AskAsync(ConfigurationManager<OpenIdConnectConfiguration> authority, TimeProvider time)
    {
        try
        {
            await authority.GetConfigurationAsync(CancellationToken.None);
            return true;
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or ArgumentException
            or OperationCanceledException or HttpRequestException)
        {
            Interlocked.Exchange(ref _awayUntil, (time.GetUtcNow() + Pause).UtcTicks);
            return false;
        }
    }
}
