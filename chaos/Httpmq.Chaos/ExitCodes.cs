namespace Httpmq.Chaos;

/// <summary>What the exit code says.</summary>
internal static class ExitCodes
{
    public const int Holds = 0;
    public const int Violated = 1;
    public const int Unusable = 2;
}
