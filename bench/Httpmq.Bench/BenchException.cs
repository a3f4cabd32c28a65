namespace Httpmq.Bench;

/// <summary>What keeps a measurement from being one; its message is for the person who runs it.</summary>
internal class BenchException(string message) : Exception(message);

/// <summary>The gateway does not have what the case needs (yet).</summary>
internal sealed class NotAvailableException(string message) : BenchException(message);
